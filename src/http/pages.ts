/**
 * Pages of a list: how many, from where, and where the next one begins.
 *
 * A cursor is opaque and signed, so that it means only what this server meant by it; one that was tampered with is a
 * field error like any other. It names the last row of a page, so pages do not shift when rows are added.
 */
import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from "node:crypto"
import { Context, DateTime, Effect, Layer, Option, Schema } from "effect"
import { AppSecret, deriveKey } from "../users/AppSecret.ts"
import { ValidationFailed } from "./errors.ts"
import { pageDefault, pageMost } from "./limits.ts"

export interface Position {
  readonly createdAt: DateTime.Utc
  readonly id: string
}

export const PageQuery = {
  limit: Schema.optionalKey(
    Schema.NumberFromString.check(
      Schema.isInt({ code: "invalid_type", message: "A limit is a whole number." }).abort(),
      Schema.isBetween(
        { minimum: 1, maximum: pageMost },
        { code: "out_of_range", message: `A limit is 1 to ${pageMost}.` }
      )
    )
  ),
  cursor: Schema.optionalKey(
    Schema.String.check(
      Schema.isMaxLength(400, { code: "too_long", message: "A cursor is what a page before this one gave." })
    )
  )
}
export interface PageRequest {
  readonly limit?: number
  readonly cursor?: string
}

/** `{data, has_more, next_cursor}` of some item. */
export const pageOf = <S extends Schema.Top>(item: S) =>
  Schema.Struct({ data: Schema.Array(item), has_more: Schema.Boolean, next_cursor: Schema.NullOr(Schema.String) })

const invalid = new ValidationFailed({
  errors: [
    {
      in: "query",
      pointer: "/cursor",
      code: "invalid_cursor",
      message: "A cursor is what a page before this one gave."
    }
  ],
  truncated: false
})

export class Cursors extends Context.Service<
  Cursors,
  {
    /** `list` is part of what is signed: a cursor of one list is none of another. */
    readonly read: (
      list: string,
      page: PageRequest
    ) => Effect.Effect<{ readonly limit: number; readonly after: Option.Option<Position> }, ValidationFailed>
    readonly write: (list: string, position: Position) => string
  }
>()("holdfast/http/Cursors") {
  static readonly layer = Layer.effect(
    Cursors,
    Effect.gen(function* () {
      const secret = yield* AppSecret
      const current = createSecretKey(yield* deriveKey(secret.current, "cursor"))
      const keys = [current]
      if (secret.previous !== undefined) keys.push(createSecretKey(yield* deriveKey(secret.previous, "cursor")))
      const mac = (key: KeyObject, list: string, text: string) =>
        createHmac("sha256", key).update(`${list}\n${text}`).digest().subarray(0, 16)

      const write = (list: string, { createdAt, id }: Position) => {
        const text = JSON.stringify([DateTime.toEpochMillis(createdAt), id])
        return Buffer.concat([mac(current, list, text), Buffer.from(text)]).toString("base64url")
      }
      const read = Effect.fnUntraced(function* (list: string, page: PageRequest) {
        const limit = page.limit ?? pageDefault
        if (page.cursor === undefined) return { limit, after: Option.none<Position>() }
        const bytes = Buffer.from(page.cursor, "base64url")
        const text = bytes.subarray(16).toString("utf8")
        const signed =
          bytes.length > 16 && keys.some((key) => timingSafeEqual(mac(key, list, text), bytes.subarray(0, 16)))
        if (!signed) return yield* invalid
        const [millis, id] = JSON.parse(text) as [number, string]
        return { limit, after: Option.some({ createdAt: DateTime.makeUnsafe(millis), id }) }
      })
      return Cursors.of({ read, write })
    })
  )
}
