/** An operator's browser, on the operators' port. */
import { Effect } from "effect"

/** The cookie that it has once somebody has signed in with this token. */
export const signedIn = (opsUrl: string, token: string) =>
  Effect.promise(async () => {
    const body = new URLSearchParams({ token })
    const answer = await fetch(`${opsUrl}/ops/login`, { method: "POST", body, redirect: "manual" })
    const [cookie] = answer.headers.get("set-cookie")?.split(";", 1) ?? []
    if (cookie === undefined) throw new Error(`not signed in: ${answer.status}`)
    return cookie
  })
