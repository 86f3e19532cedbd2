/** The shop in memory with a database that a test can take away: orders, deferred writes and new accounts cannot be reached then. */
import { Context, Duration, Effect, Layer, Option } from "effect"
import { LastGoodCatalogue } from "../../src/catalog/LastGoodCatalogue.ts"
import { DatabaseUnavailable } from "../../src/database/errors.ts"
import { DeferredWrites } from "../../src/jobs/spool/DeferredWrites.ts"
import { OrderStore } from "../../src/orders/OrderStore.ts"
import { Shop } from "../../src/testing/index.ts"
import { Users } from "../../src/users/Users.ts"
import { eventually } from "../eventually.ts"

export class Away extends Context.Service<Away, { is: boolean }>()("holdfast/test/Away") {}

const away = new DatabaseUnavailable({ reason: "connection", outcome: "none", retryAfterSeconds: 5 })

/** The shop in memory, whose orders, deferred writes and new accounts a test can take away. */
export const shop = Layer.effect(
  Away,
  Effect.gen(function* () {
    const state = { is: false }
    const lastGood = yield* LastGoodCatalogue
    yield* eventually(lastGood.within(Duration.hours(1)), Option.isSome, { every: "20 millis", within: "10 seconds" })
    const [store, writes, users] = [yield* OrderStore, yield* DeferredWrites, yield* Users]
    const { add } = users
    const { claimed } = store
    const { find } = writes
    const under = <A, E>(answer: Effect.Effect<A, E>) =>
      Effect.suspend((): Effect.Effect<A, E | DatabaseUnavailable> => (state.is ? Effect.fail(away) : answer))
    Object.assign(store, { claimed: (claim: Parameters<typeof claimed>[0]) => under(claimed(claim)) })
    Object.assign(writes, { find: (id: string) => under(find(id)) })
    Object.assign(users, { add: (user: Parameters<typeof add>[0]) => under(add(user)) })
    return state
  })
).pipe(Layer.provideMerge(Shop.layerMemory))

/** With the database away for as long as this runs. */
export const during = <A, E, R>(outage: Effect.Effect<A, E, R>) =>
  Effect.flatMap(Away, (state) => {
    state.is = true
    return Effect.ensuring(
      outage,
      Effect.sync(() => void (state.is = false))
    )
  })
