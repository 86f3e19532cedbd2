// What others read out of an OpenAPI document: the findings of Redocly's recommended rules, and the types that
// openapi-typescript makes of it.

import { createConfig, lintFromString } from "@redocly/openapi-core"
import { registerHooks } from "node:module"

/** A line for each finding, errors and warnings alike. */
export const findings = async (document) => {
  const config = await createConfig({ extends: ["recommended"] })
  const found = await lintFromString({ source: JSON.stringify(document), absoluteRef: "/openapi.json", config })
  return found.map(
    ({ location, message, ruleId, severity }) => `${severity} ${ruleId} ${location[0]?.pointer}: ${message}`
  )
}

/** The document as TypeScript. */
export const typesOf = async (document) => {
  const api = new URL("./typescriptApi.mjs", import.meta.url).href
  const hooks = registerHooks({
    resolve: (specifier, context, next) => next(specifier === "typescript" ? api : specifier, context)
  })
  try {
    const { astToString, default: openapiTS } = await import("openapi-typescript")
    return `// Made from the API's document by \`npm run docs\`.\n\n${astToString(await openapiTS(document))}`
  } finally {
    hooks.deregister()
  }
}
