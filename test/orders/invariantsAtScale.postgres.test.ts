/** What must never be is found among very many orders, within the time that any statement has. */
import { assert, layer } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { violations } from "../../src/orders/invariants.ts"
import { byHand } from "../database/byHand.ts"
import { asAdmin, TestDatabase, TestDatabaseUrl } from "../database/testDatabase.ts"

/** Some thousands sold in a day; the look goes back two days. */
const orders = 20_000

const statements = `
      insert into users (id, email, email_normalized, name, password) values ('usr', 'a@b.example', 'a@b.example', 'Ann', '-');
      insert into products (id, sku, name, price_cents, currency) values ('prd', 'KETTLE', 'Kettle', 1000, 'EUR');
      insert into stock (sku, on_hand, received, committed) values ('KETTLE', 10, ${orders} + 10, ${orders});
      insert into orders (id, user_id, status, payment_method, subtotal_cents, discount_cents, shipping_cents, total_cents,
          currency, stock_elsewhere, status_since, created_at, updated_at)
        select 'ord_' || n, 'usr', 'captured', 'pm', 1000, 0, 0, 1000, 'EUR', null, at, at, at
        from generate_series(1, ${orders}) n, lateral (select now() - interval '1 hour' as at) as t;
      insert into idempotency_keys (account, route, key, fingerprint, order_id, expires_at)
        select 'usr', 'POST /v1/orders', 'key-' || id, '', id, now() + interval '29 days 23 hours' from orders;
      insert into payments (order_id, provider_id, amount_cents, currency, authorized_cents, captured_cents)
        select id, 'pi_' || id, 1000, 'EUR', 1000, 1000 from orders;
      insert into payment_operations (id, order_id, operation, amount_cents, key, state, resolved_at)
        select operation || id, id, operation, 1000, operation || id, 'succeeded', now()
        from orders, unnest(array['create', 'confirm', 'capture']) as operation;
      insert into money_movements (order_id, operation_id, debit, credit, amount_cents, currency)
        select id, 'confirm' || id, 'customer_authorized', 'authorizations', 1000, 'EUR' from orders
        union all select id, 'capture' || id, 'authorizations', 'customer_authorized', 1000, 'EUR' from orders
        union all select id, 'capture' || id, 'provider', 'sales', 1000, 'EUR' from orders;
      insert into reservations (order_id, sku, quantity, state) select id, 'KETTLE', 1, 'committed' from orders
  `.split(";")

/** Over a connection of the server's administrator, on which they may take their time. */
const sold = Effect.flatMap(TestDatabaseUrl, (url) =>
  Effect.forEach(statements, (statement) => asAdmin(Redacted.value(url), statement), { discard: true })
)

layer(TestDatabase.layer, { excludeTestServices: true })(`invariants of ${orders} orders`, (it) => {
  it.effect("are compared before the statement's time is over", () =>
    Effect.gen(function* () {
      yield* sold
      assert.deepStrictEqual(yield* violations(), [])
      assert.deepStrictEqual(yield* violations({ claimedWithinDays: 2 }), [])
      yield* byHand("update reservations set state = 'released' where order_id = 'ord_7'")
      yield* byHand("delete from money_movements where order_id = 'ord_9' and credit = 'sales'")
      assert.deepStrictEqual(yield* violations({ claimedWithinDays: 2 }), [
        { invariant: "captured_without_stock", subject: "ord_7" },
        { invariant: "movements_do_not_balance", subject: "ord_9" },
        { invariant: "stock_sold_otherwise_than_reservations", subject: "KETTLE" }
      ])
    })
  )
})
