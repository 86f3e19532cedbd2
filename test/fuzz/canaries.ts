/** What people entrust to a shop. Planted everywhere that a text may be; what leaks any of it has it in its mouth. */
export const canaries = {
  email: "kanarienvogel.ada@example.com",
  password: "Kanarienvogel-Passwort",
  name: "Kanarienvogel Lovelace",
  card: "4242 4242 4242 4242",
  key: "kanarienvogel-key-5f2c8a",
  token: "sess_kanarienvogel.ses_1.usr_1.1.abc"
} as const

/** In any of them, however it is cut or encoded. */
const traces = ["anarienvogel", "4242424242424242", "4242 4242 4242 4242", "4242%204242"]

/** What of it is in a text. */
export const tracesIn = (text: string): ReadonlyArray<string> => traces.filter((trace) => text.includes(trace))
