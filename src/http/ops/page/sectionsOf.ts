/** The parts of the operators' page, each by the id of its place: the same when it is loaded and when it is kept up. */
import type { Markup } from "../../markup.ts"
import type { Look } from "./Console.ts"
import { audit } from "./sections/audit.ts"
import { dependencies } from "./sections/dependencies.ts"
import { doubts } from "./sections/doubts.ts"
import { faults } from "./sections/faults.ts"
import { flow } from "./sections/flow.ts"
import { invariants } from "./sections/invariants.ts"
import { letters } from "./sections/letters.ts"
import { queues } from "./sections/queues.ts"
import { switches } from "./sections/switches.ts"
import { asOf, verdict } from "./sections/verdict.ts"

interface Section {
  /** None: it speaks for itself. */
  readonly title?: string
  readonly show: (look: Look) => Markup
}

const sections: Readonly<Record<string, Section>> = {
  verdict: { show: verdict },
  asof: { show: asOf },
  invariants,
  flow,
  dependencies,
  doubts,
  letters,
  queues,
  switches,
  audit,
  faults
}

export interface Part {
  readonly id: string
  readonly title: string | undefined
  readonly content: Markup
}

/** In the order of the page; without the faults where there are none to be played. */
export const sectionsOf = (look: Look): ReadonlyArray<Part> =>
  Object.entries(sections).flatMap(([id, { show, title }]) =>
    id === "faults" && look.faults === undefined ? [] : [{ id, title, content: show(look) }]
  )
