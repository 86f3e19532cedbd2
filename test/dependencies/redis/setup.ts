/** Before the first test, and before there are workers: those who run tests of a real Redis find it, or skip them. */
import { installed } from "./program.ts"

export default () => void installed()
