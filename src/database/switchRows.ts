/**
 * The tables of the operators' orders: writing a change, reading what is in force, and what happens with time.
 *
 * The last decision wins, not the last to arrive: a change has the time at which it was made, which the server works out
 * from the change's age, so no node's clock is trusted. A change is known by its id and written once however often it is
 * sent. On a tie the later arrival wins. What is over is over by the server's clock.
 */
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import type { OverrideKind } from "../resilience/index.ts"

/** Nodes listen here for changes. */
export const switchesChannel = "kill_switches"

export interface SwitchChange {
  readonly id: string
  readonly target: string
  readonly kind: OverrideKind
  readonly change: "set" | "clear"
  readonly actor: string
  readonly reason: string
  /** Undefined: until it is cleared. */
  readonly lastsMillis: number | undefined
}

export interface SwitchRow {
  readonly target: string
  readonly kind: OverrideKind
  readonly actor: string
  readonly reason: string
  readonly version: number
  /** Wall clock of the server. */
  readonly sinceMillis: number
  /** Until its end, by the server's clock; null: until it is cleared. */
  readonly leftMillis: number | null
  /** In force for a day or more, without an end, and nobody was told for a day. */
  readonly forgotten: boolean
}

const rows = (sql: SqlClient.SqlClient) => sql<SwitchRow>`
  select target, kind, actor, reason, version,
         (extract(epoch from decided_at) * 1000)::float8 as "sinceMillis",
         (extract(epoch from expires_at - now()) * 1000)::float8 as "leftMillis",
         expires_at is null and coalesce(alerted_at, decided_at) <= now() - interval '1 day' as forgotten
  from kill_switches where state = 'in_force'`

/** What is in force; and whether some of what is stored as in force is over. */
export const readSwitches = (sql: SqlClient.SqlClient) =>
  Effect.map(rows(sql), (found) => {
    const standing = found.filter(({ leftMillis }) => leftMillis === null || leftMillis > 0)
    return { standing, someOver: standing.length < found.length }
  })

/** Inside of a transaction. True unless the change had been written before. */
export const writeChange = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  change: SwitchChange,
  ageMillis: number
) {
  const { actor, id, kind, lastsMillis, reason, target } = change
  const state = change.change === "set" ? "in_force" : "ended"
  const [written] = yield* sql<{ decided: string; expires: string | null }>`
    insert into kill_switch_audit (change_id, target, kind, change, actor, reason, decided_at, expires_at)
    select ${id}::uuid, ${target}, ${kind}, ${change.change}, ${actor}, ${reason}, decided_at,
           decided_at + ${lastsMillis ?? null}::float8 * interval '1 millisecond'
    from (select now() - ${ageMillis}::float8 * interval '1 millisecond' as decided_at) as dated
    on conflict (change_id) do nothing
    returning decided_at::text as decided, expires_at::text as expires`
  if (written === undefined) return false
  const effective = yield* sql`
    insert into kill_switches as standing (target, kind, state, actor, reason, decided_at, expires_at)
    values (${target}, ${kind}, ${state}, ${actor}, ${reason},
            ${written.decided}::timestamptz, ${written.expires}::timestamptz)
    on conflict (target, kind) do update
      set state = excluded.state, actor = excluded.actor, reason = excluded.reason, decided_at = excluded.decided_at,
          expires_at = excluded.expires_at, alerted_at = null, version = standing.version + 1
      where standing.decided_at <= excluded.decided_at
    returning version`
  if (effective.length === 0) {
    yield* sql`update kill_switch_audit set effective = false where change_id = ${id}::uuid`
  }
  yield* sql`select pg_notify(${switchesChannel}, ${target})`
  return true
})

/** Ends what is over. The time of the decision stays: what was decided after it, and arrives yet, still wins. */
export const endOver = (sql: SqlClient.SqlClient) =>
  Effect.asVoid(sql`
    with ended as (
      update kill_switches set state = 'expired', version = version + 1
      where state = 'in_force' and expires_at <= now()
      returning target, kind, expires_at)
    insert into kill_switch_audit (change_id, target, kind, change, actor, reason, decided_at, expires_at)
    select gen_random_uuid(), target, kind, 'expire', 'holdfast', 'its time was over', expires_at, expires_at from ended`)

/** Those that a day has passed for without a word, given to one node of all that ask. */
export const claimForgotten = (sql: SqlClient.SqlClient) => sql<
  Pick<SwitchRow, "target" | "kind" | "actor" | "reason">
>`
  update kill_switches set alerted_at = now()
  where state = 'in_force' and expires_at is null and coalesce(alerted_at, decided_at) <= now() - interval '1 day'
  returning target, kind, actor, reason`
