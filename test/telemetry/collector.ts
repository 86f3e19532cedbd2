/** A collector that keeps what it is sent, and that can be as ill as a test wants it. */
import { Effect } from "effect"
import * as http from "node:http"

interface Attribute {
  readonly key: string
  readonly value: Readonly<Record<string, string | number | boolean>>
}

export interface Span {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly kind: number
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: ReadonlyArray<Attribute>
  readonly links: ReadonlyArray<{ readonly traceId: string; readonly spanId: string }>
  readonly status: { readonly code: number }
}

export interface LogRecord {
  readonly severityText: string
  readonly body: { readonly stringValue: string }
  readonly attributes: ReadonlyArray<Attribute>
  readonly traceId?: string
  readonly spanId?: string
}

/** `status`: what every request is answered with; `hang`: it is not answered at all. */
export interface Illness {
  status?: number
  hang?: boolean
}

export const valueOf = ({ attributes }: Pick<Span, "attributes">, key: string) =>
  Object.values(attributes.find((attribute) => attribute.key === key)?.value ?? {})[0]

type Within<A> = Readonly<Record<string, ReadonlyArray<A>>>

const itemsIn = <A>(
  bodies: ReadonlyArray<string>,
  resources: string,
  scopes: string,
  items: string
): ReadonlyArray<A> =>
  bodies.flatMap((body) =>
    ((JSON.parse(body) as Within<Within<Within<A>>>)[resources] ?? []).flatMap((resource) =>
      (resource[scopes] ?? []).flatMap((scope) => scope[items] ?? [])
    )
  )

export const collector = Effect.gen(function* () {
  const bodies: Record<string, Array<string>> = {}
  const asked: Array<string> = []
  const illness: Illness = {}
  const server = yield* Effect.acquireRelease(
    Effect.callback<http.Server>((resume) => {
      const made = http.createServer((request, response) => {
        const parts: Array<Buffer> = []
        request.on("data", (part: Buffer) => parts.push(part))
        request.on("end", () => {
          const path = request.url ?? ""
          asked.push(path)
          if (illness.hang === true) return
          const status = illness.status ?? 200
          if (status < 300) (bodies[path] ??= []).push(Buffer.concat(parts).toString())
          response.writeHead(status, { "content-type": "application/json" }).end("{}")
        })
      })
      made.listen(0, "127.0.0.1", () => resume(Effect.succeed(made)))
    }),
    (open) =>
      Effect.callback<void>((resume) => {
        open.close(() => resume(Effect.void))
        open.closeAllConnections()
      })
  )
  const address = server.address()
  const port = typeof address === "object" && address !== null ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    illness,
    asked,
    spans: () => itemsIn<Span>(bodies["/v1/traces"] ?? [], "resourceSpans", "scopeSpans", "spans"),
    lines: () => itemsIn<LogRecord>(bodies["/v1/logs"] ?? [], "resourceLogs", "scopeLogs", "logRecords"),
    metrics: () =>
      itemsIn<{ readonly name: string }>(bodies["/v1/metrics"] ?? [], "resourceMetrics", "scopeMetrics", "metrics"),
    all: () => Object.values(bodies).flat().join("\n")
  }
})
