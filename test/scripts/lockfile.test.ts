/** package-lock.json is one that `npm ci` accepts, on any platform: `node scripts/lockfile.mjs` makes it so. */
import { expect, it } from "@effect/vitest"
import lockfile from "../../package-lock.json" with { type: "json" }
import packageJson from "../../package.json" with { type: "json" }

interface Locked {
  readonly version?: string
  readonly optionalDependencies?: Readonly<Record<string, string>>
}
const packages: Readonly<Record<string, Locked>> = lockfile.packages

it("the lockfile has every platform's binary that a package names, or npm ci would refuse it", () => {
  const places = Object.keys(packages)
  const missing = Object.entries(packages)
    .filter(([place]) => place !== "")
    .flatMap(([, { optionalDependencies = {} }]) => Object.keys(optionalDependencies))
    .filter((name) => !places.some((place) => place.endsWith(`node_modules/${name}`)))
  expect(missing).toEqual([])
})

it("the lockfile and package.json ask for the same versions, each pinned", () => {
  const asked = { ...packageJson.dependencies, ...packageJson.devDependencies, ...packageJson.optionalDependencies }
  for (const [name, version] of Object.entries(asked)) {
    expect(version).toMatch(/^\d+\.\d+\.\d+(-[\w.]+)?$/)
    expect([name, packages[`node_modules/${name}`]?.version]).toEqual([name, version])
  }
})
