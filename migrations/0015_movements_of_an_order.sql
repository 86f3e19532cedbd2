-- What an order's money did is looked up by order: by the invariants for each, and by who explains one.
create index money_movements_of on money_movements (order_id);
