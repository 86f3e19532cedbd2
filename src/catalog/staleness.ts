/**
 * How old what is shown of the catalogue may be, by what it is used for. Beyond that, not knowing is the better answer.
 */
import { Duration } from "effect"

/** A quote is looked at again within the hour for which an order may wait; an older basis would be two hours off. */
export const quotedFor = Duration.hours(1)
