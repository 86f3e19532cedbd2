/**
 * How much each part of this node says, changed while it runs: by whom, why and until when.
 *
 * A level is in force at once, on the node that was told, and only there: what an operator looks into happens on one node,
 * and it has to work while everything else is away. It ends by itself; a restart ends it too.
 */
import { Context, Layer, type LogLevel } from "effect"

/** Parts that say something below `info`, named as their folders; the providers each by its own name. */
export const modules = [
  "http",
  "users",
  "catalog",
  "orders",
  "jobs",
  "database",
  "ops",
  "payments",
  "inventory",
  "email",
  "recommendations",
  "analytics"
] as const
export type Module = (typeof modules)[number]

/** As settings and operators write them. */
export const levels = {
  trace: "Trace",
  debug: "Debug",
  info: "Info",
  warn: "Warn",
  error: "Error",
  fatal: "Fatal"
} as const satisfies Readonly<Record<string, LogLevel.LogLevel>>
export type Level = keyof typeof levels

const order: ReadonlyArray<LogLevel.LogLevel> = ["All", "Trace", "Debug", "Info", "Warn", "Error", "Fatal", "None"]
const rankOf = (level: LogLevel.LogLevel) => order.indexOf(level)

/** A day of debug lines is what nobody reads and everybody stores. */
export const longestMillis = 24 * 60 * 60 * 1000

export interface LevelOrder {
  readonly module: Module
  readonly level: Level
  readonly actor: string
  readonly reason: string
  /** Milliseconds since 1970. */
  readonly since: number
  readonly until: number
}

export class LogLevelBoard {
  readonly base: LogLevel.LogLevel
  private readonly orders = new Map<string, LevelOrder>()

  constructor(base: LogLevel.LogLevel) {
    this.base = base
  }

  /** `nowMillis` is only asked for when somebody has ordered something. */
  allows(module: unknown, level: LogLevel.LogLevel, nowMillis: () => number): boolean {
    return rankOf(level) >= rankOf(this.levelOf(module, nowMillis))
  }

  private levelOf(module: unknown, nowMillis: () => number): LogLevel.LogLevel {
    if (this.orders.size === 0 || typeof module !== "string") return this.base
    const found = this.orders.get(module)
    return found === undefined || found.until <= nowMillis() ? this.base : levels[found.level]
  }

  set(order: LevelOrder): void {
    this.orders.set(order.module, order)
  }

  reset(module: Module): void {
    this.orders.delete(module)
  }

  /** In force now. */
  inForce(nowMillis: number): ReadonlyArray<LevelOrder> {
    for (const { module, until } of this.orders.values()) if (until <= nowMillis) this.orders.delete(module)
    return [...this.orders.values()]
  }
}

/** What `LOG_LEVEL` says, and what operators say over it. */
export const LogLevels = Context.Reference<LogLevelBoard>("holdfast/telemetry/LogLevels", {
  defaultValue: () => new LogLevelBoard("Info")
})

export const layer = (base: LogLevel.LogLevel) => Layer.sync(LogLevels, () => new LogLevelBoard(base))
