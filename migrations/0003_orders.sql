-- The life of an order. Every CHECK here is an invariant that can then never be broken by any code.

create table orders (
  id text primary key,
  user_id text not null constraint orders_user_fkey references users,
  status text not null default 'pending' check (status in (
    'pending', 'reserved', 'requires_action', 'payment_in_doubt', 'authorized', 'confirmed',
    'captured', 'fulfilled', 'cancelled', 'failed', 'refund_pending', 'refunded')),
  failure jsonb,
  payment_method text not null,
  discount_code text,
  client_reference text check (length(client_reference) <= 200),
  subtotal_cents bigint not null check (subtotal_cents >= 0),
  discount_cents bigint not null check (discount_cents between 0 and subtotal_cents),
  shipping_cents bigint not null check (shipping_cents >= 0),
  total_cents bigint not null,
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  version bigint not null default 1,
  status_since timestamptz not null default now(),
  -- Whole milliseconds: a cursor could not point at a finer moment.
  created_at timestamptz not null default date_trunc('milliseconds', now()),
  updated_at timestamptz not null default now(),
  constraint orders_total check (total_cents = subtotal_cents - discount_cents + shipping_cents),
  constraint orders_failure check ((status = 'failed') = (failure is not null))
);
-- Once per account: an order that came to nothing gives the discount back.
create unique index orders_discount_once on orders (user_id, discount_code)
  where discount_code is not null and status not in ('failed', 'cancelled');
create index orders_page on orders (user_id, created_at desc, id desc);

create table order_lines (
  order_id text not null references orders,
  position int not null check (position between 0 and 49),
  sku text not null constraint order_lines_sku_fkey references products (sku),
  name text not null,
  quantity int not null check (quantity between 1 and 100),
  unit_price_cents bigint not null check (unit_price_cents >= 0),
  total_cents bigint not null,
  primary key (order_id, position),
  unique (order_id, sku),
  check (total_cents = unit_price_cents * quantity)
);

-- One row is one decision: the order that the key made, or the refusal that it got. There is no "in progress".
create table idempotency_keys (
  account text not null,
  route text not null,
  key text not null,
  fingerprint bytea not null,
  order_id text references orders deferrable initially deferred,
  refusal jsonb,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  primary key (account, route, key),
  check ((order_id is null) <> (refusal is null))
);
create index idempotency_keys_end on idempotency_keys (expires_at);

-- One row an order. provider_id is written once.
create table payments (
  order_id text primary key references orders,
  provider_id text unique,
  amount_cents bigint not null check (amount_cents >= 0),
  currency text not null,
  authorized_cents bigint not null default 0,
  captured_cents bigint not null default 0,
  refund_reserved_cents bigint not null default 0,
  refunded_cents bigint not null default 0,
  check (authorized_cents in (0, amount_cents)),
  check (captured_cents between 0 and authorized_cents),
  check (refund_reserved_cents between 0 and captured_cents),
  check (refunded_cents between 0 and refund_reserved_cents)
);

-- The intent to send, written before the send; its key never changes.
create table payment_operations (
  id text primary key,
  order_id text not null references payments,
  operation text not null check (operation in ('create', 'confirm', 'capture', 'cancel', 'refund')),
  seq int not null default 0,
  amount_cents bigint,
  key text not null unique,
  state text not null check (state in ('sent', 'succeeded', 'refused', 'closed')),
  first_sent_at timestamptz not null default now(),
  sends int not null default 1,
  answer jsonb,
  resolved_at timestamptz,
  unique (order_id, operation, seq),
  check ((state = 'sent') = (resolved_at is null))
);
create unique index one_capture on payment_operations (order_id) where operation = 'capture' and state = 'succeeded';
create index payment_operations_in_doubt on payment_operations (first_sent_at) where state = 'sent';

create table reservations (
  order_id text not null references orders,
  sku text not null references stock,
  quantity int not null check (quantity > 0),
  state text not null check (state in ('leased', 'held', 'committed', 'released')),
  expires_at timestamptz,
  primary key (order_id, sku),
  check ((state = 'leased') = (expires_at is not null))
);
create index reservations_lease_end on reservations (expires_at) where state = 'leased';

-- Append-only, double entry: what moves from one account to another sums to zero by construction.
create table money_movements (
  id bigint generated always as identity primary key,
  order_id text not null references orders,
  operation_id text not null references payment_operations,
  debit text not null,
  credit text not null,
  amount_cents bigint not null check (amount_cents > 0),
  currency text not null,
  at timestamptz not null default now(),
  unique (operation_id, debit, credit),
  check (debit <> credit)
);

create table order_events (
  id bigint generated always as identity primary key,
  order_id text not null references orders,
  at timestamptz not null default clock_timestamp(),
  step text not null,
  detail jsonb
);
create index order_events_of on order_events (order_id, id);
