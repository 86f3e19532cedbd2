/** The `users` table as a map, for tests and for the shop in memory: see `UserRepo`. */
import { DateTime, Effect, Option, Redacted } from "effect"
import { EmailTaken } from "./errors.ts"
import type { Role, User, UserId } from "./User.ts"
import type { NewUser, UserRepo } from "./UserRepo.ts"

interface Entry extends NewUser {
  readonly role: Role
}

const toUser = ({ id, email, name, createdAt }: Entry): User => ({ id, email, name, createdAt })

const key = (user: { readonly createdAt: DateTime.Utc; readonly id: UserId }) =>
  [DateTime.toEpochMillis(user.createdAt), user.id] as const

const newestFirst = (a: Entry, b: Entry) => {
  const [[atA, idA], [atB, idB]] = [key(a), key(b)]
  return atB - atA || (idA < idB ? 1 : -1)
}

export const makeUserRepoMemory = (): UserRepo["Service"] => {
  const users = new Map<UserId, Entry>()
  const byEmail = (emailNormalized: string) =>
    Option.fromNullishOr([...users.values()].find((user) => user.emailNormalized === emailNormalized))
  const byId = (id: UserId) => Option.fromNullishOr(users.get(id))
  const change = (id: UserId, next: (user: Entry) => Entry) =>
    Effect.sync(() => {
      const user = users.get(id)
      if (user !== undefined) users.set(id, next(user))
      return user !== undefined
    })

  return {
    insert: (user, beside) =>
      Effect.suspend((): ReturnType<UserRepo["Service"]["insert"]> => {
        if (users.has(user.id) || Option.isSome(byEmail(user.emailNormalized))) return Effect.fail(new EmailTaken())
        users.set(user.id, { ...user, role: "customer" })
        return beside === undefined ? Effect.void : Effect.andThen(beside.also, beside.afterwards)
      }),
    find: (id) => Effect.sync(() => Option.map(byId(id), toUser)),
    credentials: (emailNormalized) =>
      Effect.sync(() => Option.map(byEmail(emailNormalized), ({ id, password }) => ({ userId: id, password }))),
    page: (after, limit) =>
      Effect.sync(() => {
        const all = [...users.values()].toSorted(newestFirst)
        const rest =
          after === undefined
            ? all
            : all.filter((user) => {
                const [[at, id], [endAt, endId]] = [key(user), key(after)]
                return at < endAt || (at === endAt && id < endId)
              })
        return rest.slice(0, limit).map(toUser)
      }),
    replacePassword: (id, from, to) =>
      Effect.asVoid(
        change(id, (user) =>
          Redacted.value(user.password) === Redacted.value(from) ? { ...user, password: to } : user
        )
      ),
    role: (id) => Effect.sync(() => Option.map(byId(id), (user) => user.role)),
    operators: (limit) =>
      Effect.sync(() =>
        [...users.values()]
          .filter((user) => user.role === "operator")
          .slice(0, limit)
          .map(({ id }) => id)
      ),
    setRole: (id, role) => change(id, (user) => ({ ...user, role }))
  }
}
