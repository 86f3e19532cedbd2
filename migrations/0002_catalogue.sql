-- What is sold, for how much, and how many are on the shelf. Money is integer minor units.
-- on_hand is what lies on the shelf, reserved units included: available = on_hand - reserved.

create table products (
  id text primary key,
  sku text not null,
  name text not null check (length(name) between 1 and 200),
  description text not null default '' check (length(description) <= 4000),
  price_cents bigint not null check (price_cents between 0 and 100000000),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  created_at timestamptz not null default now(),
  constraint products_sku_key unique (sku)
);
create index products_page on products (created_at desc, id desc);

create table stock (
  sku text primary key constraint stock_sku_fkey references products (sku),
  on_hand int not null,
  reserved int not null default 0,
  received int not null,
  committed int not null default 0,
  restocked int not null default 0,
  constraint stock_available check (reserved between 0 and on_hand),
  constraint stock_balances check (on_hand + committed - restocked = received)
);

create table discounts (
  code text primary key,
  kind text not null check (kind in ('percentage', 'amount')),
  value int not null check (value > 0),
  currency text check (currency ~ '^[A-Z]{3}$'),
  minimum_subtotal_cents bigint not null default 0 check (minimum_subtotal_cents >= 0),
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  check (starts_at < ends_at),
  check (kind <> 'percentage' or value <= 100),
  check ((kind = 'amount') = (currency is not null))
);

create table shipping_bands (
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  minimum_subtotal_cents bigint not null check (minimum_subtotal_cents >= 0),
  price_cents bigint not null check (price_cents >= 0),
  primary key (currency, minimum_subtotal_cents)
);
