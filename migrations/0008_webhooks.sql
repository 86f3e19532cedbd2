-- Events from providers, stored once, reduced to ids. claimed_order_id is what the event says: it may come before its
-- order, or name none of ours, so it references nothing. order_id is what it was matched with.

create table webhook_events (
  provider text not null,
  event_id text not null,
  type text not null,
  payment_id text,
  claimed_order_id text,
  order_id text references orders,
  state text not null default 'received' check (state in ('received', 'matched', 'unmatched', 'ignored')),
  received_at timestamptz not null default now(),
  settled_at timestamptz,
  primary key (provider, event_id),
  check ((state = 'matched') = (order_id is not null)),
  check ((state = 'received') = (settled_at is null))
);
create index webhook_events_open on webhook_events (received_at) where state in ('received', 'unmatched');
create index webhook_events_of on webhook_events (order_id) where order_id is not null;
