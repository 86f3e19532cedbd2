/** Somebody who is told what changes, from the first event until the scope ends. */
import { Effect } from "effect"
import { Door } from "../door.ts"

export const listening = (path: string, headers: Readonly<Record<string, string>>) =>
  Effect.flatMap(Door, ({ port }) =>
    Effect.acquireRelease(
      Effect.promise(async () => {
        const gone = new AbortController()
        const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers, signal: gone.signal })
        const first = answer.status === 200 ? (await answer.body?.getReader().read())?.value : undefined
        return { status: answer.status, first: new TextDecoder().decode(first), leave: Effect.sync(() => gone.abort()) }
      }),
      ({ leave }) => leave
    )
  )
