/**
 * Every failure that a caller can see. Types only: each class lives in the folder that it belongs to.
 *
 * A class that is added here needs a row in `http/problems.ts`, or nothing compiles.
 */
import type * as Catalog from "./catalog/errors.ts"
import type * as Database from "./database/errors.ts"
import type * as Door from "./http/errors.ts"
import type * as OpsDoor from "./http/ops/errors.ts"
import type * as Spool from "./jobs/spool/errors.ts"
import type * as Jobs from "./jobs/errors.ts"
import type * as Ops from "./ops/errors.ts"
import type * as Orders from "./orders/errors.ts"
import type * as Kit from "./resilience/index.ts"
import type * as Users from "./users/errors.ts"
import type * as Webhooks from "./orders/webhooks/errors.ts"

export type AppError =
  | Catalog.ImportRefused
  | Catalog.ProductNotFound
  | Database.DatabaseUnavailable
  | Database.QueryTimeout
  | Door.DeadlinePassed
  | Door.Draining
  | Door.Forbidden
  | Door.HeadersTooLarge
  | Door.IdempotencyKeyInvalid
  | Door.IdempotencyKeyMissing
  | Door.MalformedRequest
  | Door.MethodNotAllowed
  | Door.NodeOverloaded
  | Door.NotAcceptable
  | Door.PayloadTooLarge
  | Door.PreconditionRequired
  | Door.RateLimited
  | Door.RequestTimeout
  | Door.RouteNotFound
  | Door.Unexpected
  | Door.UnsupportedMediaType
  | Door.UriTooLong
  | Door.ValidationFailed
  | Jobs.DeadLetterNotFound
  | Jobs.ReplayNotFound
  | Kit.FeatureDisabled
  | Ops.NodeDraining
  | Ops.NodeNotReady
  | Ops.NothingKnown
  | Ops.SwitchTargetUnknown
  | OpsDoor.OperatorUnknown
  | Orders.DiscountNotApplicable
  | Orders.IdempotencyInFlight
  | Orders.IdempotencyKeyReused
  | Orders.InsufficientStock
  | Orders.MixedCurrencies
  | Orders.TotalNotPayable
  | Orders.OrderNotFound
  | Orders.OrderPaymentDeclined
  | Orders.OrderStateConflict
  | Orders.OrderVersionDiffers
  | Orders.PriceChanged
  | Orders.RefundTooLarge
  | Orders.UnknownSkus
  | Spool.DeferredDiscarded
  | Spool.DeferredElsewhere
  | Spool.DeferredExpired
  | Spool.DeferredNotFound
  | Users.EmailTaken
  | Users.HashingOverloaded
  | Users.InvalidCredentials
  | Users.SignUpKeyReused
  | Users.TooManyLogInAttempts
  | Users.Unauthenticated
  | Users.UserNotFound
  | Webhooks.WebhookSignatureRefused
  | Webhooks.WebhookUnreadable

/** How an error is to be met: only `transient` is ever retried. */
export type Category = AppError["category"]
