// The launcher's three steps: install if needed, find a Node, print its path.
// A Node that came without its binary (install scripts were blocked) is given one more installation before giving up.

import { dirname, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { findNode, minimum } from "./findNode.mjs"
import { Unlaunchable, ensureInstalled, reinstall } from "./installation.mjs"

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..", "..")

export const launch = async () => {
  const installedNow = await ensureInstalled(root)
  let binary = findNode(root)
  if (binary === undefined && !installedNow) {
    await reinstall(root, "Node itself is missing from node_modules")
    binary = findNode(root)
  }
  if (binary === undefined) {
    throw new Unlaunchable(
      `Holdfast needs Node ${minimum} or newer, and npm could not bring one: ` +
        "install it from nodejs.org, or allow npm's install scripts and run `npm rebuild node --ignore-scripts=false`."
    )
  }
  process.stdout.write(`${binary}\n`)
}
