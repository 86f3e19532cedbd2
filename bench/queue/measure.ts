/** The measurements: what each queue is asked to do, and how long it takes. Nothing here knows which queue it is. */
import type { Contestant } from "./Contestant.ts"

/** A shop runs for days: enough that what is measured is compiled code, of everybody. */
const transactions = 4_000
const transactionsAtOnce = 8
const jobs = 20_000
const many = 100_000
const idleJobs = 25
/** A worker that found nothing needs a while until it really waits. */
const settledMillis = 1_200

const pause = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis))

/** Transactions a second. */
export const enqueueRate = async (queue: Contestant): Promise<number> => {
  await queue.fill(0, 0)
  const began = performance.now()
  await queue.enqueueInTransactions(transactions, transactionsAtOnce)
  return (transactions * 1000) / (performance.now() - began)
}

/** Jobs a second, from the first to the last of `jobs`; starting a worker is not part of it. */
const drainRate = async (queue: Contestant, backlog: number, dead: number): Promise<number> => {
  await queue.fill(jobs + backlog, dead)
  let [first, ran] = [0, 0]
  let stop: () => Promise<void> = async () => undefined
  const last = await new Promise<number>((resolve, reject) => {
    const onJob = () => {
      if (++ran === 1) first = performance.now()
      if (ran === jobs) resolve(performance.now())
    }
    queue.work(onJob).then((ended) => {
      stop = ended
    }, reject)
  })
  await stop()
  return (jobs * 1000) / (last - first)
}
export const drain = (queue: Contestant) => drainRate(queue, 0, 0)

/** The same beside many others. Filling them takes longer than all the rest. */
export const crowded = [
  ["drain, 100,000 more due", (queue: Contestant) => drainRate(queue, many, 0)],
  ["drain, 100,000 dead", (queue: Contestant) => drainRate(queue, 0, many)]
] as const

/** Milliseconds from before a job is enqueued until it runs, on a worker that has nothing else to do. */
export const idleLatencies = async (queue: Contestant): Promise<ReadonlyArray<number>> => {
  await queue.fill(0, 0)
  let arrived: () => void = () => undefined
  const stop = await queue.work(() => arrived())
  await pause(settledMillis)
  const latencies: Array<number> = []
  for (let n = 0; n < idleJobs; n++) {
    const ran = new Promise<void>((resolve) => {
      arrived = resolve
    })
    const began = performance.now()
    await queue.enqueue()
    await ran
    latencies.push(performance.now() - began)
    await pause(20)
  }
  await stop()
  return latencies
}
