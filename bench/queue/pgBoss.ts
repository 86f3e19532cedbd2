/**
 * pg-boss, with its notifications on, batches fetched while they are full, and each job settled for itself. One worker:
 * several would run more than the 50 at once, and hold more than the 500 jobs, that everybody is given.
 */
import { Pool } from "pg"
import { PgBoss } from "pg-boss"
import { atOnce, batch, type Contestant } from "./Contestant.ts"

const queue = "bench"

export const makePgBoss = async (url: string): Promise<Contestant> => {
  const pool = new Pool({ connectionString: url, max: 10 })
  const boss = new PgBoss({ connectionString: url, max: 10, useListenNotify: true })
  boss.on("error", () => undefined)
  await boss.start()
  await boss.createQueue(queue, { notify: true })
  await pool.query("create table business (id bigint generated always as identity, at timestamptz default now())")

  const inTransaction = async () => {
    const client = await pool.connect()
    await client.query("begin")
    await client.query("insert into business default values")
    const db = { executeSql: (text: string, values?: Array<unknown>) => client.query(text, values) }
    await boss.send(queue, { id: "1" }, { db })
    await client.query("commit")
    client.release()
  }
  const filled = async (count: number, state: string) => {
    for (let added = 0; added < count; added += 10_000) {
      const length = Math.min(10_000, count - added)
      await boss.insert(
        queue,
        Array.from({ length }, () => ({ data: { id: "1" } }))
      )
    }
    if (state !== "created") await pool.query("update pgboss.job set state = 'failed' where name = $1", [queue])
  }
  return {
    name: "pg-boss",
    enqueue: async () => void (await boss.send(queue, { id: "1" })),
    enqueueInTransactions: async (count, transactions) => {
      let left = count
      const lane = async () => {
        while (left-- > 0) await inTransaction()
      }
      await Promise.all(Array.from({ length: transactions }, lane))
    },
    fill: async (due, dead) => {
      // Emptied as everybody's: its own way of deleting leaves the rows of the last measurement to step over.
      await pool.query("truncate pgboss.job")
      await filled(dead, "failed")
      await filled(due, "created")
      await pool.query("analyze")
    },
    work: async (onJob) => {
      const options = {
        batchSize: batch,
        localConcurrency: 1,
        burstWhenBatchFull: true,
        perJobResults: true,
        pollingIntervalSeconds: 0.5
      } as const
      const handler = async (jobs: ReadonlyArray<{ readonly id: string }>) => {
        for (let next = 0; next < jobs.length; next += atOnce) {
          await Promise.all(jobs.slice(next, next + atOnce).map(async () => onJob()))
        }
        return jobs.map(({ id }) => ({ id, status: "completed" as const }))
      }
      await boss.work(queue, options, handler)
      return () => boss.offWork(queue, { wait: true })
    },
    close: async () => {
      await boss.stop({ graceful: false })
      await pool.end()
    }
  }
}
