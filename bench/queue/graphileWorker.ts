/** graphile-worker, tuned as its documentation says for throughput: a local queue, and settlements in batches. */
import { makeWorkerUtils, run } from "graphile-worker"
import { Pool } from "pg"
import { atOnce, batch, type Contestant } from "./Contestant.ts"

const quiet = { scope: {} }

export const makeGraphileWorker = async (url: string): Promise<Contestant> => {
  const pool = new Pool({ connectionString: url, max: 12 })
  pool.on("error", () => undefined)
  pool.on("connect", (client) => client.on("error", () => undefined))
  const { Logger } = await import("graphile-worker")
  const logger = new Logger(() => () => quiet)
  const utils = await makeWorkerUtils({ pgPool: pool, logger })
  await utils.migrate()
  await pool.query("create table business (id bigint generated always as identity, at timestamptz default now())")
  const add = "select graphile_worker.add_job('bench', '{\"id\":\"1\"}')"
  const jobs = "graphile_worker._private_jobs"

  const inTransaction = async () => {
    const client = await pool.connect()
    await client.query("begin")
    await client.query("insert into business default values")
    await client.query(add)
    await client.query("commit")
    client.release()
  }
  // Its own function adds one at a time: a minute for 100,000.
  const task = "(select id from graphile_worker._private_tasks where identifier = 'bench')"
  const filled = async (count: number) => {
    await pool.query(add)
    await pool.query(`insert into ${jobs} (task_id) select ${task} from generate_series(2, $1)`, [count])
  }
  return {
    name: "graphile-worker",
    enqueue: async () => void (await pool.query(add)),
    enqueueInTransactions: async (count, transactions) => {
      let left = count
      const lane = async () => {
        while (left-- > 0) await inTransaction()
      }
      await Promise.all(Array.from({ length: transactions }, lane))
    },
    fill: async (due, dead) => {
      await pool.query(`truncate ${jobs}`)
      if (dead > 0) {
        await filled(dead)
        await pool.query(`update ${jobs} set attempts = max_attempts`)
      }
      if (due > 0) await filled(due)
      await pool.query("analyze")
    },
    work: async (onJob) => {
      const runner = await run({
        pgPool: pool,
        logger,
        noHandleSignals: true,
        taskList: {
          bench: async () => {
            onJob()
          }
        },
        preset: {
          worker: { concurrentJobs: atOnce, localQueue: { size: batch }, completeJobBatchDelay: 0, pollInterval: 1_000 }
        }
      })
      return () => runner.stop()
    },
    close: async () => {
      await utils.release()
      await pool.end()
    }
  }
}
