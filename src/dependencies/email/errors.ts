/** What an email provider may answer instead of an id. None of them carries an address: all are logged. */
import { Schema } from "effect"

/** The mail as it is will never be sent: a bad address, a sender that is not verified, a bug of ours. */
export class EmailRefused extends Schema.TaggedError<EmailRefused>()("EmailRefused", { code: Schema.String }) {
  readonly category = "permanent" as const
  override get message() {
    return "The email provider refuses this mail as it is: an operator has to look at it."
  }
}

/** The key was used for another mail: a bug of ours, and sending under a new key could send twice. */
export class EmailKeyReused extends Schema.TaggedError<EmailKeyReused>()("EmailKeyReused", {}) {
  readonly category = "permanent" as const
  override get message() {
    return "This mail's key was used for another mail: an operator has to look at it."
  }
}

/** The same mail is being sent at this moment: ask again in a second or so, under the same key. */
export class EmailInProgress extends Schema.TaggedError<EmailInProgress>()("EmailInProgress", {}) {
  readonly category = "transient" as const
  override get message() {
    return "This mail is being sent at this moment: repeat it later under its key."
  }
}

/** So many mails were paid for, and no more: nothing was sent, and asking every few seconds does not help. */
export class EmailQuotaExceeded extends Schema.TaggedError<EmailQuotaExceeded>()("EmailQuotaExceeded", {
  quota: Schema.Literals(["daily", "monthly"]),
  /** As the provider says, if it does. */
  retryAfterMillis: Schema.optionalKey(Schema.Number)
}) {
  readonly category = "transient" as const
  override get message() {
    return `The ${this.quota} quota of mails is used up: they wait until it is renewed, or raised at the provider.`
  }
}
