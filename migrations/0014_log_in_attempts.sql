-- Failed log ins, by a keyed hash of the account (and of the device or the address, where that is known): over all nodes,
-- and over their lives. Nothing here says whose account it is, nor whether there is one.
create table log_in_attempts (
  subject text primary key,
  state jsonb not null,
  changed_at timestamptz not null
);
create index log_in_attempts_end on log_in_attempts (changed_at);

-- Where an account has been logged in to: the same hashes.
create table log_in_places (
  account text not null,
  place text not null,
  seen_at timestamptz not null,
  primary key (account, place)
);
create index log_in_places_end on log_in_places (seen_at);
