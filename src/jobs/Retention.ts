/**
 * Removes what is over: jobs that are done or discarded, finished replays, providers' events that were matched with an
 * order or are of no concern, and deferred writes that were decided, after a month; failed log ins after an hour; the
 * places where somebody logged in after three months without a log in there.
 *
 * The only place that deletes them, and only in a final state: dead letters and unmatched events wait for a person, and
 * are never removed. Small batches, so that nobody waits for it; what it removed is logged.
 */
import { Effect, Layer, Schedule } from "effect"
import { Database } from "../database/Database.ts"

/** Longer than a provider's window for disputes about a single delivery, short enough for a table that stays small. */
const keptDays = 30
/** Rows a statement: a few milliseconds of locks that nobody else wants. */
const batch = 1_000
/** Days. A session lives for 30: who logs in once in its life is still known where they do. */
const placesKeptDays = 90
const hourly = Schedule.spaced("1 hour").pipe(Schedule.jittered)

/** One pass. Answers how many of each were removed. */
export const removeOld = Effect.gen(function* () {
  const database = yield* Database
  const oldJobs = database.query(
    "retention.jobs",
    (sql) => sql`
      with old as materialized (
        select id from jobs where state in ('done', 'discarded')
          and finished_at < now() - make_interval(days => ${keptDays})
        order by finished_at, id limit ${batch} for update skip locked)
      delete from jobs using old where jobs.id = old.id returning 1`
  )
  const oldReplays = database.query(
    "retention.replays",
    (sql) => sql`
      with old as materialized (
        select id from replays where finished_at < now() - make_interval(days => ${keptDays})
          and not exists (select from replay_items where replay_id = replays.id and result = 'released')
        order by id limit 1 for update skip locked)
      delete from replays using old where replays.id = old.id returning 1`
  )
  const oldEvents = database.query(
    "retention.events",
    (sql) => sql`
      with old as materialized (
        select provider, event_id from webhook_events where state in ('matched', 'ignored')
          and settled_at < now() - make_interval(days => ${keptDays})
        order by settled_at, provider, event_id limit ${batch} for update skip locked)
      delete from webhook_events as event using old
      where event.provider = old.provider and event.event_id = old.event_id returning 1`
  )
  const oldDeferred = database.query(
    "retention.deferred",
    (sql) => sql`
      with old as materialized (
        select id from deferred where decided_at < now() - make_interval(days => ${keptDays})
        order by decided_at, id limit ${batch} for update skip locked)
      delete from deferred using old where deferred.id = old.id returning 1`
  )
  // An hour after the last failure nothing of it counts any more; guesses at random addresses leave many.
  const oldAttempts = database.query(
    "retention.log_in_attempts",
    (sql) => sql`
      with old as materialized (
        select subject from log_in_attempts where changed_at < now() - interval '1 hour'
        order by changed_at limit ${batch} for update skip locked)
      delete from log_in_attempts using old where log_in_attempts.subject = old.subject returning 1`
  )
  const oldPlaces = database.query(
    "retention.log_in_places",
    (sql) => sql`
      with old as materialized (
        select account, place from log_in_places where seen_at < now() - make_interval(days => ${placesKeptDays})
        order by seen_at limit ${batch} for update skip locked)
      delete from log_in_places as place using old
      where place.account = old.account and place.place = old.place returning 1`
  )
  const allOf = (once: typeof oldJobs, full: number) =>
    Effect.gen(function* () {
      let removed = 0
      for (let last = full; last === full; removed += last) last = (yield* once).length
      return removed
    })
  const removed = {
    jobs: yield* allOf(oldJobs, batch),
    replays: yield* allOf(oldReplays, 1),
    webhook_events: yield* allOf(oldEvents, batch),
    deferred: yield* allOf(oldDeferred, batch),
    log_in_attempts: yield* allOf(oldAttempts, batch),
    log_in_places: yield* allOf(oldPlaces, batch)
  }
  if (Object.values(removed).some((count) => count > 0)) yield* Effect.logInfo("old rows removed", removed)
  return removed
})

/** A pass an hour, on every node that works: whoever comes second finds nothing. */
export const retention = Layer.effectDiscard(
  Effect.forkScoped(
    removeOld.pipe(
      Effect.catch((error) => Effect.logWarning("old rows not removed", { severity: "expected", code: error._tag })),
      Effect.repeat(hourly)
    )
  )
)
