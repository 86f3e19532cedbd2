/**
 * One ordeal: a shop on a database of its own dies at one point again and again, is started again each time, and is
 * judged when all is quiet. Or its provider, or the wire to its database, does the same to it.
 *
 * Its lives follow each other at once: what one of them had in its hands is taken up when its leases have ended, by
 * whichever life is there then. The provider lives through all of it, and so do its books.
 */
import { Clock, Effect, Option, Random, Schedule } from "effect"
import { Database } from "../../../src/database/Database.ts"
import type { Customer } from "../../main/client.ts"
import type { Log } from "../customerLog.ts"
import { goodsBreaches } from "../goods.ts"
import { isQuiet, judge, type Verdict } from "../judge.ts"
import { type Blow, nameOf } from "./blows.ts"
import type { Ground } from "./ground.ts"
import { makeStage, type Stage } from "./stage.ts"
import { kinds, type Story, tell } from "./stories.ts"

export interface Result extends Verdict {
  readonly name: string
  readonly blows: number
  /** From the start of the last life to the end of the last order; nobody disturbs it. */
  readonly recoverySeconds: number
}

interface OrdealOptions {
  readonly blow: Blow
  /** Ends when the blow has fallen so often, or after twice as many lives. */
  readonly times: number
  /** Each life has so many new stories of each kind: the second comes to the point while the first one is past it. */
  readonly ofAKind: number
}

/** A life in which the point is not reached by then will not reach it. */
const dooms = "25 seconds"
/** Leases of 15 seconds, then what waits for its turn alone, on a machine that does much else. */
const quietWithin = "150 seconds"
/** A process that dies takes its connections with it first: the stories end a moment before it is known. */
const knownWithin = "500 millis"
const storiesAtOnce = 4
/** The share of customers that never come back for the answer that they did not get. Who has more to say does. */
const gone = 0.25

interface Play {
  readonly stage: Stage
  readonly who: Customer
  readonly log: Log
  readonly stories: Array<Story>
}

const tellAll = ({ log, stories, who }: Play, shopUrl: string) =>
  Effect.forEach(
    stories.filter((story) => !story.over),
    (story) => tell(log, shopUrl, who, story),
    { concurrency: storiesAtOnce, discard: true }
  )

const life = Effect.fnUntraced(function* (play: Play, number: number, ofAKind: number) {
  const { stage, stories } = play
  // Mostly the first time that it comes there; now and then the second, with another order under way.
  const shop = yield* stage.start((yield* Random.next) < 0.75 || ofAKind === 1 ? 1 : 2)
  for (let n = 1; n <= ofAKind; n += 1) {
    stories.push(...kinds.map((kind): Story => ({ kind, key: `life-${number}-${kind}-${n}`, over: false })))
  }
  yield* Effect.raceFirst(shop.ended, Effect.timeoutOption(tellAll(play, shop.url), dooms))
  const end = yield* Effect.timeoutOption(shop.ended, knownWithin)
  if (Option.isSome(end) && end.value.signal === "SIGKILL") yield* stage.died
  yield* shop.signal("SIGKILL")
  yield* shop.ended
  for (const story of stories.filter(({ kind, over }) => !over && kind !== "cancelled" && kind !== "refunded")) {
    story.over = (yield* Random.next) < gone
  }
}, Effect.scoped)

/** Seconds until all is quiet, every customer's story is over, or the patience is. */
const peace = Effect.fnUntraced(function* (play: Play) {
  const began = yield* Clock.currentTimeMillis
  const shop = yield* play.stage.startInPeace
  yield* Effect.repeat(
    Effect.andThen(
      tellAll(play, shop.url),
      Effect.suspend(() => isQuiet)
    ),
    {
      until: (quiet) => quiet && play.stories.every(({ over }) => over),
      schedule: Schedule.spaced("250 millis").pipe(Schedule.upTo({ duration: quietWithin }))
    }
  )
  return ((yield* Clock.currentTimeMillis) - began) / 1000
})

export const ordeal = (ground: Ground, options: OrdealOptions) =>
  Effect.flatMap(ground.database, (url) =>
    Effect.provide(
      Effect.flatMap(makeStage(url, options.blow), (stage) => suffered(stage, ground.who, options)),
      Database.layer({ url, poolSize: 2 })
    )
  ).pipe(Effect.scoped)

const suffered = Effect.fnUntraced(function* (stage: Stage, who: Customer, { blow, ofAKind, times }: OrdealOptions) {
  const play: Play = { stage, who, log: new Map(), stories: [] }
  for (let number = 1; number <= times * 2 && (yield* stage.blows) < times; number += 1) {
    yield* life(play, number, ofAKind)
  }
  const blows = yield* stage.blows
  const recoverySeconds = yield* peace(play)
  const books = yield* stage.provider.ledger
  const verdict = yield* judge({ log: play.log, ledger: books, traffic: yield* stage.provider.traffic })
  const untold = play.stories.filter(({ over }) => !over).map(({ key }) => `${key}: no definite answer in the end`)
  return {
    name: nameOf(blow),
    blows,
    recoverySeconds,
    ...verdict,
    others: [...verdict.others, ...(yield* goodsBreaches(stage.provider)), ...verdict.unknown, ...untold]
  } satisfies Result
})
