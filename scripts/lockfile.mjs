// Completes package-lock.json: `node scripts/lockfile.mjs`, after a dependency was added or updated.
// `npm ci` refuses a lockfile that lacks a package named under another one's optionalDependencies, and npm leaves a
// platform's binary out when the registry at hand does not carry that platform. Each gets an entry with its exact
// version (its parent pins it) and the platform that its name says; npm fetches it only there.

import { readFileSync, writeFileSync } from "node:fs"
import { resolve } from "node:path"

const path = resolve(import.meta.dirname, "..", "package-lock.json")
const lockfile = JSON.parse(readFileSync(path, "utf8"))

const platform =
  /(android|darwin|freebsd|linux|openharmony|win32)-(arm64|arm|x64|ia32|ppc64|riscv64|s390x)(?:-(gnu|musl|eabi|msvc)\w*)?$/

const libraries = { gnu: "glibc", musl: "musl" }

const entry = (name, version, parent) => {
  const [, os, cpu, abi] = platform.exec(name) ?? []
  if (os === undefined) throw new Error(`${name} does not say its platform: add it to package-lock.json by hand`)
  return {
    version,
    cpu: [cpu],
    ...(parent.dev ? { dev: true } : {}),
    ...(abi in libraries ? { libc: [libraries[abi]] } : {}),
    license: parent.license,
    optional: true,
    os: [os],
    ...(parent.engines === undefined ? {} : { engines: parent.engines })
  }
}

const { "": self, ...packages } = lockfile.packages
const missing = Object.values(packages).flatMap((parent) =>
  Object.entries(parent.optionalDependencies ?? {})
    .filter(([name]) => !Object.keys(packages).some((place) => place.endsWith(`node_modules/${name}`)))
    .map(([name, version]) => [`node_modules/${name}`, entry(name, version, parent)])
)

const all = [...Object.entries(packages), ...missing].sort(([one], [other]) => (one < other ? -1 : 1))
lockfile.packages = { "": self, ...Object.fromEntries(all) }
writeFileSync(path, `${JSON.stringify(lockfile, undefined, 2)}\n`)
console.log(`${missing.length} entries added`)
