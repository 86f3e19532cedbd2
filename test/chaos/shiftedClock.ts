/**
 * Loaded into a node before the shop: at each SIGUSR2 somebody sets the clock of its machine to another time. What counts
 * the time that passes is not touched by that, as on a real machine.
 */
/** Less than the half hour after which a session that nobody used is over: that goes by the node's clock. */
const millis = 25 * 60_000
const shifts = [millis, 0, -millis, 0]

const TrueDate = Date
let shift = 0

globalThis.Date = class extends TrueDate {
  constructor(...given: ReadonlyArray<never>) {
    // Without arguments it is now; with any it is what they say.
    super(...((given.length === 0 ? [TrueDate.now() + shift] : given) as [number]))
  }
  static override now() {
    return TrueDate.now() + shift
  }
} as DateConstructor

process.on("SIGUSR2", () => {
  shift = shifts.shift() ?? 0
})
