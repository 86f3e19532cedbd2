-- Which request asked first for what a key stands for: the Request-Id that a customer reads out leads to the order. And
-- what an operator looks things up by, when an order is explained.
alter table idempotency_keys add column request_id text;
create index idempotency_keys_by_key on idempotency_keys (key);
create index idempotency_keys_by_request on idempotency_keys (request_id) where request_id is not null;
create index idempotency_keys_of_refunds on idempotency_keys (order_id) where route = 'POST /v1/orders/:id/refunds';
create index deferred_by_key on deferred (key);
create index deferred_by_resource on deferred (resource) where resource is not null;
-- Only what waits has its request: what was decided is found by the key's.
create index deferred_by_request on deferred ((payload ->> 'requestId')) where payload is not null;
create index operator_actions_on on operator_actions (target);
