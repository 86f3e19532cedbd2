/**
 * The thread that writes the spool's file, because SQLite blocks and the disk may take its time.
 *
 * All messages that have come while it was writing become one transaction, and are answered after its commit: so a
 * hundred orders at once are one write to the disk. What fails, fails for all of one transaction.
 */
import * as fs from "node:fs"
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads"
import { codeOf, SpoolFile, spoolFiles } from "./spoolFile.ts"
import type { AnswerTo, Ask, Asked, FromThread, Looked, ThreadFailure, ThreadOptions } from "./spoolMessages.ts"

/** SQLite's primary codes. */
const sqliteFull = 13
const damaged = new Set([11, 26])

const failureOf = (error: unknown): ThreadFailure => {
  const code = codeOf(error)
  if (code === sqliteFull) return "disk_full"
  return code !== undefined && damaged.has(code) ? "corrupt" : "disk_failed"
}

/** The first file that nobody owns. */
const openOwn = (folder: string): { readonly name: string; readonly own: SpoolFile } | FromThread => {
  try {
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 })
    for (const name of spoolFiles(folder)) {
      const opened = SpoolFile.open(folder, name)
      if (opened._tag === "Opened") return { name, own: opened.file }
      if (opened._tag === "Corrupt") return { _tag: "Refused", reason: "corrupt", file: name }
      if (opened._tag === "Unwritable") return { _tag: "Refused", reason: "unwritable", file: name }
    }
    return { _tag: "Refused", reason: "crowded", file: "" }
  } catch {
    // No folder, or not ours to write to: Node says so by throwing.
    return { _tag: "Refused", reason: "unwritable", file: "" }
  }
}

const adoptOrphans = (folder: string, name: string, own: SpoolFile): Looked => {
  let adopted = 0
  const corrupt: Array<string> = []
  for (const other of spoolFiles(folder).filter((file) => file !== name && fs.existsSync(`${folder}/${file}`))) {
    const opened = SpoolFile.open(folder, other)
    if (opened._tag === "Corrupt") corrupt.push(other)
    if (opened._tag !== "Opened") continue
    try {
      adopted += own.adopt(opened.file)
    } catch {
      // Found damaged while it was read. If it is our own file that fails, the next write says so.
      corrupt.push(other)
    } finally {
      opened.file.close()
    }
  }
  return { adopted, corrupt }
}

const serve = (port: NonNullable<typeof parentPort>, { folder, limits }: ThreadOptions) => {
  const say = (message: FromThread) => port.postMessage(message)
  const first = openOwn(folder)
  if ("_tag" in first) {
    say(first)
    return
  }
  const { name, own } = first

  const look = (): Looked => {
    own.transaction(() => own.touch())
    return adoptOrphans(folder, name, own)
  }
  const lookAgain = () => (own.isWhole() ? look() : undefined)
  const answer = (ask: Exclude<Ask, { readonly _tag: "Look" }>): AnswerTo[Ask["_tag"]] => {
    switch (ask._tag) {
      case "Put":
        return own.put(ask.row, ask.bytes, limits)
      case "Find":
        return own.find(ask.id)
      case "Oldest":
        return own.oldest(ask.limit)
      case "Remove":
        own.remove(ask.id)
        return undefined
    }
  }
  const answerAll = (batch: ReadonlyArray<Asked>) => {
    try {
      const emptied = batch.some(({ _tag }) => _tag === "Remove")
      const answers = own.transaction(() => batch.map((ask) => (ask._tag === "Look" ? undefined : answer(ask))))
      const looked = batch.some(({ _tag }) => _tag === "Look") ? lookAgain() : undefined
      const held = own.held()
      if (emptied && held.entries === 0) own.forgetWritten()
      batch.forEach(({ _tag, seq }, index) => {
        if (_tag !== "Look") say({ _tag: "Answer", seq, value: answers[index], held })
        else if (looked === undefined) say({ _tag: "Failed", seq, reason: "corrupt" })
        else say({ _tag: "Answer", seq, value: looked, held })
      })
    } catch (error) {
      const reason = failureOf(error)
      for (const { seq } of batch) say({ _tag: "Failed", seq, reason })
    }
  }

  try {
    say({ _tag: "Opened", file: name, looked: look(), held: own.held() })
  } catch (error) {
    say({ _tag: "Refused", reason: failureOf(error) === "corrupt" ? "corrupt" : "unwritable", file: name })
    return
  }
  port.on("message", (asked: Asked) => {
    const batch = [asked]
    for (let more = receiveMessageOnPort(port); more !== undefined; more = receiveMessageOnPort(port)) {
      batch.push(more.message as Asked)
    }
    answerAll(batch)
  })
  // The lock goes with the file, also when only the thread ends and the process goes on.
  port.on("close", () => own.close())
}

if (parentPort !== null) serve(parentPort, workerData as ThreadOptions)
