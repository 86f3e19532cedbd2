/** Email's contract in memory. */
import { Effect, Layer } from "effect"
import { EmailMemory, Outbox } from "../../../src/dependencies/email/EmailMemory.ts"
import { emailContract, Inbox } from "./contract.ts"

const inbox = Layer.effect(
  Inbox,
  Effect.map(Outbox, ({ sent }) => ({
    subjectsTo: (address) =>
      Effect.map(sent, (mails) => mails.filter(({ to }) => to === address).map(({ subject }) => subject))
  }))
)

emailContract("in memory", Layer.provideMerge(inbox, EmailMemory.layer))
