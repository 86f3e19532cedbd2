/**
 * How much memory the runtime takes for granted: V8 sizes its heap after the machine, and lets it grow to several times of
 * what lives in it before it looks. Under a flood that is a few hundred megabytes of garbage.
 * What `npm start` sets beside it is in docs/overload.md.
 */
import { Effect } from "effect"
import { setFlagsFromString } from "node:v8"

/** Of what lived after the last collection. A flood then costs a few percent of a core in collections, and no memory. */
const growthPercent = 40

export const keepsHeapSmall = Effect.sync(() => setFlagsFromString(`--heap-growing-percent=${growthPercent}`))
