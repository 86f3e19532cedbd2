/** What people entrust to a shop. Planted everywhere that a text may be; what leaks any of it has it in its mouth. */
export const canaries = {
  email: "kanarienvogel.ada@example.com",
  password: "Kanarienvogel-Passwort",
  name: "Kanarienvogel Lovelace",
  card: "4242 4242 4242 4242",
  key: "kanarienvogel-key-5f2c8a",
  reference: "Kanarienvogel, third floor",
  token: "sess_kanarienvogel.ses_1.usr_1.1.abc"
} as const

/** All of it in one text, as whoever is careless quotes it. */
export const gossip = `${canaries.name} <${canaries.email}> pays with ${canaries.card}, password=${canaries.password}, token ${canaries.token}, key ${canaries.key}, for ${canaries.reference}`

const bird = "anarienvogel"
/** Nine of its letters are twelve signs of base64 wherever they begin; one of three beginnings is at a group's. */
const inBase64 = [0, 1, 2].map((from) => Buffer.from(bird.slice(from, from + 9)).toString("base64"))

/** In any of them, however it is cut or encoded. */
const traces = [
  bird,
  Buffer.from(bird).toString("hex"),
  ...inBase64,
  "4242424242424242",
  "4242 4242 4242 4242",
  "4242%204242",
  "4242+4242"
]

/** What of it is in a text, in whatever letters. */
export const tracesIn = (text: string): ReadonlyArray<string> => {
  const lower = text.toLowerCase()
  return traces.filter((trace) => text.includes(trace) || lower.includes(trace))
}
