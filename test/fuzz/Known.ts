/** What the fuzzer has learned of the shop so far: goods, orders, cursors, people. What it sends is made from it. */
import { canaries } from "../canaries/canaries.ts"
import type { Dice } from "./Dice.ts"

/** Of each kind so many are kept: the newest. */
const most = 50

const kinds = {
  sku: /"sku":"([^"]+)"/g,
  id: /"id":"([^"]+)"/g,
  name: /"(?:name|queue)":"([a-z_]+)"/g,
  csrf: /name="csrf" value="([^"]+)"/g,
  cursor: /"next_cursor":"([^"]+)"/g,
  etag: /^(.+)$/g
}
type Kind = keyof typeof kinds

const verbs = "off on force-open disable reset pause resume replay discard ask break repair fulfil".split(" ")
const times = [
  "2020-01-01T00:00:00.000Z",
  "2090-01-01T00:00:00.000Z",
  "-271821-04-20T00:00:00.000Z",
  "+275760-09-13T00:00:00.000Z",
  "0000-01-01T00:00:00.000Z"
]

export class Known {
  private readonly found: Record<Kind, Array<string>> = {
    sku: ["KITCHEN-KETTLE-12"],
    id: ["usr_1", "prd_1", "ord_1", "dfr_1", "1"],
    name: ["payments", "checkout", "orders"],
    csrf: ["AAAA"],
    cursor: ["AAAA"],
    etag: ['"1"']
  }
  private count = 0

  learn({ headers, text }: { readonly headers: Readonly<Record<string, string>>; readonly text: string }): void {
    this.add("etag", headers["etag"] ?? "")
    for (const kind of ["sku", "id", "name", "csrf", "cursor"] as const) this.add(kind, text)
  }

  private add(kind: Kind, text: string): void {
    const list = this.found[kind]
    for (const [, value = ""] of text.matchAll(kinds[kind])) {
      if (list.includes(value)) continue
      list.push(value)
      if (list.length > most) list.shift()
    }
  }

  id(prefix: string, dice: Dice): string {
    const fitting = this.found.id.filter((id) => id.startsWith(prefix))
    return fitting.length > 0 && dice.chance(0.8) ? dice.one(fitting) : dice.one(this.found.id)
  }

  /** Of a dead letter or a replay. */
  number(dice: Dice): string {
    return dice.one(this.found.id.filter((id) => /^\d+$/.test(id)))
  }

  /** Of a circuit, a switch or a queue. */
  name(dice: Dice): string {
    return dice.one(this.found.name)
  }

  cursor(dice: Dice): string {
    return dice.one(this.found.cursor)
  }

  etag(dice: Dice): string {
    return dice.one(this.found.etag)
  }

  /** A text that fits a member or parameter of this name. */
  textFor(name: string, dice: Dice): string {
    this.count += 1
    switch (name) {
      case "sku":
        return dice.one(this.found.sku)
      case "payment_method":
        return dice.one(["pm_card_visa", "pm_card_chargeDeclined", "pm_card_authenticationRequired"])
      case "email":
        return dice.chance(0.5) ? canaries.email : `fuzz.${this.count}.${dice.below(1e9)}@example.com`
      case "password":
        return canaries.password
      case "cursor":
        return this.cursor(dice)
      case "idempotency_key":
        return canaries.key
      case "limit":
        return String(1 + dice.below(100))
      case "queue":
      case "name":
        // A person's, where it is not something of the shop's.
        return dice.chance(0.5) ? this.name(dice) : canaries.name
      case "id":
        return this.number(dice)
      case "csrf":
        return dice.one(this.found.csrf)
      case "thing":
        return dice.one(["switch", "circuit", "queue", "letters", "order", "provider"])
      case "verb":
        return dice.one(verbs)
      // Kept for others to read, in the audit and in the log.
      case "reason":
        return "the provider is back"
      case "minutes":
        return dice.one(["", "15"])
      case "mode":
        return dice.one(["status", "latency", "drop"])
      case "provider":
        return dice.one(["payments", "email", "recommendations"])
      case "expires_at":
      case "failed_after":
      case "failed_before":
        return dice.one(times)
      case "wait":
        return dice.one(["0", "1"])
      default:
        return canaries.name
    }
  }
}
