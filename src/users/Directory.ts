/**
 * Accounts as they are looked at: live, or as they were known last on this node while the database is away or slow.
 *
 * For showing only. Whoever is not known is `DatabaseUnavailable`, never "no such user", because nobody could be asked.
 */
import { Context, DateTime, Effect, Layer } from "effect"
import type { DatabaseUnavailable } from "../database/errors.ts"
import { substitutable, withoutSubstitute } from "../database/substitutes.ts"
import { Dependency, type Fresh, type Stale } from "../resilience/index.ts"
import type { UserNotFound } from "./errors.ts"
import { accountListPolicy, accountPolicy } from "./policy.ts"
import type { User, UserCursor, UserId } from "./User.ts"
import { type UserPage, Users } from "./Users.ts"

type Seen<A> = Fresh<A> | Stale<A>

export class Directory extends Context.Service<
  Directory,
  {
    readonly find: (id: UserId) => Effect.Effect<Seen<User>, UserNotFound | DatabaseUnavailable>
    /** For operators. A page that was looked at before, by the same cursor and limit. */
    readonly list: (page: {
      readonly cursor?: UserCursor | undefined
      readonly limit: number
    }) => Effect.Effect<Seen<UserPage>, DatabaseUnavailable>
  }
>()("holdfast/users/Directory") {
  static readonly layer = Layer.effect(
    Directory,
    Effect.gen(function* () {
      const users = yield* Users
      const accounts = yield* Dependency.make("accounts", accountPolicy)
      const lists = yield* Dependency.make("account_lists", accountListPolicy)

      const find = Effect.fn("Directory.find")((id: UserId) =>
        accounts
          .call(substitutable(users.find(id)), { kind: "read", staleKey: id })
          .pipe(Effect.catchTag("DependencyUnavailable", (because) => Effect.fail(withoutSubstitute(because))))
      )
      const list = Effect.fn("Directory.list")(
        (page: { readonly cursor?: UserCursor | undefined; readonly limit: number }) =>
          lists
            .call(substitutable(users.list(page)), { kind: "read", staleKey: keyOf(page) })
            .pipe(Effect.catchTag("DependencyUnavailable", (because) => Effect.fail(withoutSubstitute(because))))
      )
      return Directory.of({ find, list })
    })
  )
}

const keyOf = ({ cursor, limit }: { readonly cursor?: UserCursor | undefined; readonly limit: number }) =>
  cursor === undefined ? `first ${limit}` : `${DateTime.toEpochMillis(cursor.createdAt)} ${cursor.id} ${limit}`
