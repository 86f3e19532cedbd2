-- People and their sessions. A session is found by the hash of its token; the token itself is never stored.

create table users (
  id text primary key,
  email text not null check (length(email) between 3 and 254),
  email_normalized text not null,
  name text not null check (length(name) between 2 and 100),
  password text not null,
  role text not null default 'customer' check (role in ('customer', 'operator')),
  created_at timestamptz not null default now(),
  constraint users_email_key unique (email_normalized)
);
create index users_page on users (created_at desc, id desc);

create table sessions (
  id text primary key,
  user_id text not null constraint sessions_user_fkey references users,
  token_hash bytea not null,
  created_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  expires_at timestamptz not null,
  revoked_at timestamptz,
  constraint sessions_token_key unique (token_hash)
);
create index sessions_of_user on sessions (user_id) where revoked_at is null;
