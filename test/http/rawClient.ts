/** A client that writes bytes, not requests: in pieces, with pauses, or without end. Latin-1, so that any byte can be said. */
import { Effect } from "effect"
import * as net from "node:net"
import { type Answer, parsed } from "./door.ts"

export interface Talk {
  /** What to write; a number is a pause in milliseconds. */
  readonly says: ReadonlyArray<string | number>
  /** It ends when the server hangs up, or when it has so many answers; default: when the server hangs up. */
  readonly answers?: number
  /** Or when nothing was said by either for so many milliseconds. */
  readonly patience?: number
}

export interface Heard {
  readonly answers: ReadonlyArray<Answer>
  /** Whether it was the server that ended it. */
  readonly hungUp: boolean
  readonly millis: number
  /** Bytes that the server has taken. */
  readonly taken: number
}

/** The answers in what came over a connection, one behind the other. What is left over is one as well: the test looks at it. */
export const answersIn = (text: string): ReadonlyArray<Answer> => {
  const answers: Array<Answer> = []
  for (let rest = text; rest !== "";) {
    const one = parsed(rest)
    const head = rest.indexOf("\r\n\r\n") + 4
    const length = Number(one.headers["content-length"] ?? 0)
    if (head < 4) return [...answers, one]
    answers.push({ ...one, text: rest.slice(head, head + length) })
    rest = rest.slice(head + length)
  }
  return answers
}

const pause = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis))

export const talk = (
  port: number,
  { answers: wanted = Infinity, patience = 10_000, says }: Talk
): Effect.Effect<Heard> =>
  Effect.callback((resume) => {
    const began = performance.now()
    const socket = net.connect(port, "127.0.0.1")
    let text = ""
    const end = (hungUp: boolean) => {
      const heard = { answers: answersIn(text), hungUp, millis: performance.now() - began, taken: socket.bytesWritten }
      socket.destroy()
      resume(Effect.succeed(heard))
    }
    socket.setTimeout(patience, () => end(false))
    socket.on("data", (part: Buffer) => {
      text += part.toString("latin1")
      if (answersIn(text).length >= wanted) end(false)
    })
    socket.on("close", () => end(true))
    // A reset after the answer is the server's way of not reading on.
    socket.on("error", () => undefined)
    const speak = async () => {
      for (const part of says) {
        if (typeof part === "number") await pause(part)
        else if (!socket.destroyed && !socket.write(Buffer.from(part, "latin1")))
          await new Promise((resolve) => socket.once("drain", resolve).once("close", resolve))
      }
    }
    void speak()
    return Effect.sync(() => void socket.destroy())
  })
