/** How requests are decoded: all that is wrong is collected, and a payload has no member that nobody asked for. */
import type { SchemaAST } from "effect"

export const parseOptions: SchemaAST.ParseOptions = { errors: "all" }
export const payloadParseOptions: SchemaAST.ParseOptions = { errors: "all", onExcessProperty: "error" }
