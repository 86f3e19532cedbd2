-- What the queue needs beyond its table: limits per key, pauses, jobs that run alone, dead letters and their replays.

alter table jobs
  -- A lease of it ended without a settlement: it runs next with nothing beside it, and only such crashes count.
  add column alone boolean not null default false,
  -- At most slot_max jobs of one queue and slot at once; parked: it was due when its slot was full.
  add column slot text,
  add column slot_max int check (slot_max > 0),
  add column parked boolean not null default false,
  -- The last failures, each with time, attempt, code and category.
  add column history jsonb not null default '[]',
  -- The last replay that gave it back to the workers.
  add column replay_id bigint,
  add column replayed_at timestamptz,
  add column replayed_by text,
  add column discarded_by text,
  add column discard_reason text,
  add constraint slot_and_limit check ((slot is null) = (slot_max is null)),
  drop column replay_of;

drop index jobs_due;
create index jobs_due on jobs (queue, due_by, id) where state = 'ready' and not alone and not parked;
create index jobs_alone on jobs (queue, due_by, id) where state = 'ready' and alone and not parked;
create index jobs_parked on jobs (queue, slot, due_by, id) where parked;
create index jobs_dead_by_id on jobs (id) where state = 'dead';
create index jobs_final on jobs (finished_at, id) where state in ('done', 'discarded');
-- Every job is updated twice in its life: its dead rows must go before the claim has to step over them.
alter table jobs set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);

-- How many of one queue and key are running. Changed only with the jobs that it counts, in the same statement.
create table job_slots (
  queue text not null,
  key text not null,
  running int not null default 0 check (running >= 0),
  primary key (queue, key)
);

create table queues (
  queue text primary key,
  paused_at timestamptz,
  paused_by text,
  pause_reason text
);

-- A replay is a job of its own: what it is to give back is written down before the first is given back.
create table replays (
  id bigint generated always as identity primary key,
  actor text not null,
  reason text not null,
  per_second int not null check (per_second > 0),
  items int not null default 0,
  created_at timestamptz not null default now(),
  finished_at timestamptz
);
create table replay_items (
  replay_id bigint not null references replays on delete cascade,
  job_id bigint not null references jobs on delete cascade,
  -- waiting: not given back yet; released: given back, and not ended yet; done, dead: how it ended then;
  -- skipped: it was no dead letter any more.
  result text not null default 'waiting' check (result in ('waiting', 'released', 'done', 'dead', 'skipped')),
  primary key (replay_id, job_id)
);
create index replay_items_waiting on replay_items (replay_id, job_id) where result = 'waiting';
create index replay_items_of_job on replay_items (job_id);

-- How a replayed job ends is written down with its end, whoever settles it: later it may run again for another reason.
create function keep_replay_result() returns trigger language plpgsql as $$
begin
  update replay_items set result = new.state
  where replay_id = new.replay_id and job_id = new.id and result = 'released';
  return null;
end $$;
create trigger jobs_replay_result after update of state on jobs for each row
  when (new.replay_id is not null and new.state in ('done', 'dead') and new.state <> old.state)
  execute function keep_replay_result();

-- Who changed what, and why. Append-only.
create table operator_actions (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  actor text not null,
  action text not null,
  target text not null,
  reason text not null,
  detail jsonb
);
