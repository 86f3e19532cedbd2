/**
 * What a document for people says that a test can hold: the npm scripts it names, the files it links to, the figures it
 * gives, and the calls it prints with their answers. A fenced block of `sh` that is followed by another block is a call
 * with its expected answer; in an answer, `…` stands for anything.
 */
export interface Block {
  /** Line of the opening fence, from 1. */
  readonly line: number
  readonly language: string
  readonly text: string
}

export interface Call {
  readonly line: number
  readonly command: string
  readonly answer: string | undefined
}

interface Line {
  readonly number: number
  readonly text: string
  readonly fenced: boolean
}

const fence = /^\s*(```+|~~~+)\s*(\w*)/

/** Every line with whether it is inside of a fenced block (fences themselves are). */
const linesOf = (document: string): ReadonlyArray<Line> => {
  let open = ""
  return document.split("\n").map((text, index) => {
    const mark = fence.exec(text)?.[1] ?? ""
    const fenced = open !== "" || mark !== ""
    if (open === "") open = mark
    else if (mark.startsWith(open)) open = ""
    return { number: index + 1, text, fenced }
  })
}

export const blocksOf = (document: string): ReadonlyArray<Block> => {
  const blocks: Array<{ line: number; language: string; lines: Array<string>; open: boolean }> = []
  for (const { fenced, number, text } of linesOf(document)) {
    if (!fenced) continue
    const last = blocks.at(-1)
    if (last?.open !== true) blocks.push({ line: number, language: fence.exec(text)?.[2] ?? "", lines: [], open: true })
    else if (fence.test(text)) last.open = false
    else last.lines.push(text)
  }
  return blocks.map(({ language, line, lines }) => ({ line, language, text: lines.join("\n") }))
}

const shells = new Set(["sh", "bash", "shell", "console"])

/** The calls of a document: each shell block that speaks HTTP, with the block that directly follows it as the answer. */
export const callsOf = (document: string): ReadonlyArray<Call> => {
  const blocks = blocksOf(document)
  const lines = document.split("\n")
  return blocks.flatMap((block, index) => {
    if (!shells.has(block.language) || !/\bcurl\b/.test(block.text)) return []
    const next = blocks[index + 1]
    const end = block.line + block.text.split("\n").length + 1
    const follows =
      next !== undefined && !shells.has(next.language) && lines.slice(end, next.line - 1).filter(Boolean).length <= 1
    return [{ line: block.line, command: block.text, answer: follows ? next.text : undefined }]
  })
}

const loose = (text: string) => text.replaceAll(/\s+/g, "")

/** Whether an answer is the one that the document prints: white space does not count, and `…` stands for anything. */
export const isAnswer = (expected: string, actual: string): boolean => {
  const parts = loose(expected)
    .split("…")
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"))
  return new RegExp(`^${parts.join("[^]*?")}$`).test(loose(actual))
}

/** npm's own commands: the rest of what follows `npm` is a script of ours. */
const ownCommands = new Set(["ci", "install", "i", "exec", "pack", "publish", "view", "rebuild", "audit", "config"])

/** The scripts that a document names: `npm run check`, `npm start`. */
export const scriptsOf = (document: string): ReadonlyArray<string> => {
  const code = [
    ...blocksOf(document).map(({ text }) => text),
    ...linesOf(document)
      .filter(({ fenced }) => !fenced)
      .flatMap(({ text }) => [...text.matchAll(/`([^`]+)`/g)].map(([, inner = ""]) => inner))
  ].join("\n")
  const named = [...code.matchAll(/\bnpm (?:run |run-script )?([a-z][\w:-]*)/g)].map(([, name = ""]) => name)
  return [...new Set(named.filter((name) => name !== "run" && !ownCommands.has(name)))]
}

/** Relative links, without the part after `#`; a link to a place in the same document is "". */
export const linksOf = (document: string): ReadonlyArray<string> =>
  linesOf(document)
    .filter(({ fenced }) => !fenced)
    .flatMap(({ text }) => [...text.matchAll(/\]\(([^)\s]+)[^)]*\)/g)].map(([, to = ""]) => to))
    .filter((to) => !/^[a-z]+:/i.test(to))
    .map((to) => decodeURI(to.replace(/#.*/, "")))

const figure =
  /\d[\d.,]*\s*(ms|µs|us|ns|×)(?!\w)|\d[\d.,]*x\b|\bp(50|95|99)\b|\d[\d.,]*\s*(requests?|orders?|calls?|jobs?)\s*(\/|per|a)\s*s/i

/** Sections that give a measured figure and no command that measures it: by heading. */
export const unprovenFigures = (document: string): ReadonlyArray<string> => {
  const sections: Array<{ heading: string; lines: Array<Line> }> = [{ heading: "", lines: [] }]
  for (const line of linesOf(document)) {
    if (!line.fenced && line.text.startsWith("#")) sections.push({ heading: line.text, lines: [] })
    else sections.at(-1)?.lines.push(line)
  }
  return sections
    .filter(({ lines }) => lines.some(({ fenced, text }) => !fenced && figure.test(text.replaceAll(/`[^`]*`/g, ""))))
    .filter(({ lines }) => scriptsOf(lines.map(({ text }) => text).join("\n")).length === 0)
    .map(({ heading }) => heading)
}

/** The line on which the first command stands, from 1. */
export const firstCommandLine = (document: string): number => {
  const first = blocksOf(document).find(({ language }) => shells.has(language))
  return first === undefined ? Number.POSITIVE_INFINITY : first.line + 1
}
