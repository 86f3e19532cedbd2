-- What operators have ordered: a dependency or a feature switched off, a circuit held open or taken out. One row for each
-- target and kind, also after its end: the time of the last decision is what a decision that arrives late is held against.
-- All times are this server's. A change that was made while it was away is dated back by its age.

create table kill_switches (
  target text not null,
  kind text not null check (kind in ('off', 'forced_open', 'disabled')),
  state text not null check (state in ('in_force', 'ended', 'expired')),
  actor text not null,
  reason text not null,
  decided_at timestamptz not null,
  expires_at timestamptz,
  alerted_at timestamptz,
  version int not null default 1,
  primary key (target, kind)
);

-- Every change, also one that came too late to have an effect. A change that is written twice is here once.
create table kill_switch_audit (
  change_id uuid primary key,
  target text not null,
  kind text not null,
  change text not null check (change in ('set', 'clear', 'expire')),
  actor text not null,
  reason text not null,
  decided_at timestamptz not null,
  expires_at timestamptz,
  recorded_at timestamptz not null default now(),
  effective boolean not null default true
);
create index kill_switch_audit_recent on kill_switch_audit (recorded_at, change_id);
