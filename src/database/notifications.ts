/**
 * LISTEN as a stream that outlives its connection: when the connection is lost it listens again on another one.
 *
 * PostgreSQL keeps nothing for a listener that is away, so a notification only ever means "look sooner than you would".
 */
import type { PgClient } from "@effect/sql-pg"
import { Effect, Schedule, Stream } from "effect"

/** Soon enough for a wake-up, and rare enough for a server that is just coming back. */
const listenAgain = Schedule.spaced("250 millis").pipe(Schedule.jittered)

export const listenTo =
  (client: PgClient.PgClient) =>
  (channel: string): Stream.Stream<string> =>
    Stream.unwrap(Effect.map(client.listen(channel), Stream.fromQueue)).pipe(
      Stream.map((notification) => notification.payload),
      Stream.retry(listenAgain),
      Stream.orDie
    )
