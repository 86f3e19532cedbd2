/** What the log says of a refusal. */
import type { AppError } from "../errors.ts"
import type { FieldError } from "./errors.ts"

/** An error's fields are ids and codes; of rejected fields only where and what kind. */
export const loggable = (error: AppError): unknown => {
  if (error._tag === "ValidationFailed") {
    return { _tag: error._tag, fields: error.errors.map((field) => `${field.in} ${knownPart(field)}: ${field.code}`) }
  }
  const { _tag, ...fields } = JSON.parse(JSON.stringify(error)) as Record<string, unknown>
  return { _tag, ...fields }
}

/** The name of a member that nobody knows is the client's own text: it is not logged. */
const knownPart = ({ code, pointer }: FieldError): string =>
  code === "unknown_member" ? pointer.replace(/[^/]*$/, "*") : pointer
