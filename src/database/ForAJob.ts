import { Context } from "effect"

/**
 * Whether what this fiber asks of the database is for a job, which nobody waits for. All jobs of a node together have a
 * part of its pool (`jobsShare`), so that a burst of them, as when a provider is back, leaves connections to requests.
 */
export const ForAJob = Context.Reference<boolean>("holdfast/database/ForAJob", { defaultValue: () => false })
