/**
 * What the code may not do, found in its syntax trees. Each rule brings an example that it must catch and one that it
 * must not; where it does not hold is listed, with reasons, in forbidden/exemptions.ts.
 */
import { describe, expect, it } from "@effect/vitest"
import { interpolatedLog, outsideCalls, withoutPolicy } from "./forbidden/calls.ts"
import { exemptions } from "./forbidden/exemptions.ts"
import { failures } from "./forbidden/failures.ts"
import { surroundings } from "./forbidden/surroundings.ts"
import type { Example, Rule } from "./forbidden/Rule.ts"
import { filesUnder, parse, place, read } from "./forbidden/syntax.ts"

const rules: ReadonlyArray<Rule> = [...failures, ...outsideCalls, interpolatedLog, ...surroundings]
const sources = [...filesUnder("src"), ...filesUnder("test")].map(read)

const found = (rule: Rule, [path, code]: Example): number =>
  rule.looksAt(path) ? rule.find(parse(path, code)).length : 0

const covers = (place: string, path: string): boolean => (place.endsWith("/") ? path.startsWith(place) : path === place)

const exempt = (rule: Rule, path: string): boolean =>
  exemptions.some((exemption) => exemption.rule === rule.name && covers(exemption.place, path))

/** The whole repository's breaches of one rule, but for the exempt files. */
const breaches = (rule: Rule): ReadonlyArray<string> =>
  sources
    .filter(({ path }) => rule.looksAt(path) && !exempt(rule, path))
    .flatMap((source) => rule.find(source).map((node) => place(source, node)))

describe.each(rules.map((rule) => [rule.name, rule] as const))("%s", (_name, rule) => {
  it("is nowhere in the code", () => expect(breaches(rule), `instead: ${rule.instead}`).toEqual([]))
  it.each(rule.catches)("is caught in %s: %s", (path, code) => expect(found(rule, [path, code])).toBeGreaterThan(0))
  it.each(rule.allows)("is not seen in %s: %s", (path, code) => expect(found(rule, [path, code])).toBe(0))
})

describe("a dependency without a policy.ts", () => {
  it("is nowhere in the code", () => expect(withoutPolicy(filesUnder("src"))).toEqual([]))
  it("is caught", () => {
    const paths = ["src/dependencies/email/Email.ts", "src/dependencies/payments/policy.ts"]
    expect(withoutPolicy(paths)).toEqual(["src/dependencies/email"])
  })
})

describe("an exemption", () => {
  it("covers something, and says why", () => {
    const idle = exemptions.filter(({ rule: name, place: where, reason }) => {
      const rule = rules.find((one) => one.name === name)
      const covered = sources.filter(({ path }) => covers(where, path))
      return reason.length < 20 || rule === undefined || covered.every((source) => rule.find(source).length === 0)
    })
    expect(idle).toEqual([])
  })
})
