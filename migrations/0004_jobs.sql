-- Work that survives a crash. A job is enqueued in the transaction that makes it necessary.
-- due_by = run_at + priority x 30 s: what waits long enough comes first, whatever its priority.

create table jobs (
  id bigint generated always as identity primary key,
  queue text not null,
  key text not null,
  payload jsonb not null,
  state text not null default 'ready' check (state in ('ready', 'running', 'done', 'dead', 'discarded')),
  run_at timestamptz not null default now(),
  priority int not null default 0,
  due_by timestamptz not null default now(),
  lease uuid,
  lease_until timestamptz,
  wake bigint not null default 0,
  wake_seen bigint not null default 0,
  attempts int not null default 0,
  crashes int not null default 0,
  last_error jsonb,
  first_failed_at timestamptz,
  last_failed_at timestamptz,
  replay_of bigint references jobs,
  replays int not null default 0,
  created_at timestamptz not null default now(),
  finished_at timestamptz,
  unique (queue, key),
  check ((state = 'running') = (lease is not null and lease_until is not null))
);
create index jobs_due on jobs (queue, due_by, id) where state = 'ready';
create index jobs_lease on jobs (lease_until) where state = 'running';
create index jobs_dead on jobs (queue, last_failed_at, id) where state = 'dead';
