-- What cancels, refunds and the reconciler need.

-- The customer's wish to cancel, and the operator's word that the goods are on their way.
alter table orders add column cancel_requested_at timestamptz;
alter table orders add column fulfilled_at timestamptz;
alter table orders add constraint orders_fulfilled check (status <> 'fulfilled' or fulfilled_at is not null);
-- What the sweep for orders without a job looks at.
create index orders_unfinished on orders (updated_at)
  where status not in ('captured', 'fulfilled', 'refunded', 'cancelled', 'failed');

-- What was asked for; its payment operation is written when it is sent. A refund has its share of the captured money
-- (payments.refund_reserved_cents) from the request on, until it is refused.
create table refunds (
  order_id text not null references payments,
  seq int not null check (seq > 0),
  amount_cents bigint not null check (amount_cents > 0),
  state text not null default 'requested' check (state in ('requested', 'sent', 'succeeded', 'refused')),
  requested_at timestamptz not null default now(),
  primary key (order_id, seq)
);

-- When the provider's search first knew of no payment for this order.
alter table payment_operations add column searched_empty_at timestamptz;

-- Goods that were sold, never left the house, and are for others again.
alter table reservations drop constraint reservations_state_check;
alter table reservations add constraint reservations_state_check
  check (state in ('leased', 'held', 'committed', 'released', 'restocked'));

-- The comparison of our books with the provider's: each day's run, and each difference that it found.
create table ledger_sweeps (
  day date primary key,
  compared int not null,
  differences int not null,
  finished_at timestamptz not null default now()
);
create table ledger_differences (
  day date not null,
  kind text not null check (kind in ('payment_without_order', 'order_without_payment', 'amount', 'state')),
  provider_id text not null default '',
  order_id text not null default '',
  ours text not null,
  theirs text not null,
  found_at timestamptz not null default now(),
  primary key (day, kind, provider_id, order_id)
);
