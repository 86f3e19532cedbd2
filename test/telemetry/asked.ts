/** The metrics that the alerts and the dashboard ask for, by name. */
import { readFileSync } from "node:fs"

const name = /\b(?:holdfast|dependency|http_server|process|nodejs)_[a-z0-9_]+/g
const expressionsOf = (path: string): ReadonlyArray<string> => {
  const text = readFileSync(path, "utf8")
  return path.endsWith(".json")
    ? [...text.matchAll(/"expr": "((?:[^"\\]|\\.)*)"/g)].map(([, expression = ""]) => expression)
    : text.split(/^ {6}- alert: /m).map((alert) => alert.split("labels:", 1)[0] ?? "")
}

export const askedIn = (path: string): ReadonlyArray<string> => [
  ...new Set(
    expressionsOf(path)
      .flatMap((expression) => expression.replaceAll(/"[^"]*"/g, "").match(name) ?? [])
      .map((one) => one.replace(/_(?:bucket|sum|count)$/, ""))
  )
]
