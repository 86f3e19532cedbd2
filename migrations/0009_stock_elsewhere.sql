-- Orders whose goods are kept elsewhere. Null: they are in this database's reservations, or nothing was reserved yet.
alter table orders add column stock_elsewhere text constraint orders_stock_elsewhere
  check (stock_elsewhere in ('none', 'leased', 'held', 'committed', 'released', 'restocked', 'lost'));
-- What the stock keeper was sent, and since when, as long as it has not answered.
alter table orders add column stock_operation text constraint orders_stock_operation
  check (stock_operation in ('reserve', 'hold', 'commit', 'release', 'restock'));
alter table orders add column stock_sent_at timestamptz;
alter table orders add constraint orders_stock_sent check (
  (stock_operation is null) = (stock_sent_at is null) and (stock_operation is null or stock_elsewhere is not null));
-- What the sweep for orders without a job looks at: the stock keeper is told of an end after it.
create index orders_stock_unanswered on orders (stock_sent_at) where stock_operation is not null;
