/**
 * What becomes of a deferred write whose job an operator discards: it has failed, and whoever handed it in is told so. It
 * may be handed in again, and is decided then.
 */
import { Schema } from "effect"
import type { SqlClient } from "effect/sql"
import { deferredQueue } from "./Deferred.ts"
import { DeferredDiscarded } from "./errors.ts"

const problem = JSON.stringify(Schema.encodeSync(DeferredDiscarded)(new DeferredDiscarded()))

/** Of the jobs in `discarded (queue, key)`, which the statement that this is part of has discarded. */
export const endDiscarded = (sql: SqlClient.SqlClient) => sql`
  update deferred set payload = null, decided_at = now(), problem = ${problem}::jsonb
  from discarded
  where discarded.queue = ${deferredQueue} and deferred.id = discarded.key and deferred.decided_at is null`

/** Makes the job ready to be asked for again: a write that is handed in anew is a new wish. */
export const forgetDiscarded = (sql: SqlClient.SqlClient, id: string) => sql`
  update jobs set state = 'done' where queue = ${deferredQueue} and key = ${id} and state = 'discarded'`
