-- Writes that were taken while the database was away, as they were handed over by the nodes that took them. What was
-- asked (payload) is kept until it is decided, and forgotten then: it may hold an address and a hashed password.

create table deferred (
  id text primary key,
  kind text not null check (kind in ('order', 'sign_up')),
  -- Empty for a sign up: whoever has its id may look.
  account text not null,
  key text not null,
  fingerprint text not null,
  payload jsonb,
  quoted jsonb,
  accepted_at timestamptz not null,
  accept_until timestamptz not null,
  resource text,
  problem jsonb,
  decided_at timestamptz,
  constraint deferred_one_outcome check (resource is null or problem is null),
  constraint deferred_decided check ((decided_at is not null) = (resource is not null or problem is not null)),
  constraint deferred_payload check ((payload is null) = (decided_at is not null))
);
-- What was begun with a session is done although the session has ended since; not so when its account was logged out
-- everywhere.
alter table sessions add column ended_everywhere boolean not null default false;
drop index sessions_of_user;
create index sessions_of_user on sessions (user_id) where not ended_everywhere;

create index deferred_end on deferred (decided_at) where decided_at is not null;
