/**
 * One of each error that a caller can see. The compiler wants one for every new error; the catalogue of errors, the pages
 * of problems and the API's document take their words from here, and the tests of the table their subjects.
 */
import { Duration } from "effect"
import { ImportRefused, ProductNotFound } from "../catalog/errors.ts"
import { ProductId, Sku } from "../catalog/Product.ts"
import { DatabaseUnavailable, QueryTimeout } from "../database/errors.ts"
import * as Door from "./errors.ts"
import { bodyLimitBytes } from "./limits.ts"
import { OperatorUnknown } from "./ops/errors.ts"
import type { ErrorOf, Tag } from "./problems.ts"
import * as Jobs from "../jobs/errors.ts"
import * as Spool from "../jobs/spool/errors.ts"
import { FeatureDisabled } from "../resilience/index.ts"
import * as Ops from "../ops/errors.ts"
import * as Orders from "../orders/errors.ts"
import { OrderId } from "../orders/Order.ts"
import * as Users from "../users/errors.ts"
import * as Webhooks from "../orders/webhooks/errors.ts"
import { UserId } from "../users/User.ts"

const orderId = OrderId.make("ord_1")
const checks = { database: { status: "fail" } } as const

export const examples: { readonly [T in Tag]: ErrorOf<T> } = {
  DatabaseUnavailable: new DatabaseUnavailable({ reason: "connection", outcome: "none", retryAfterSeconds: 2 }),
  DeadlinePassed: new Door.DeadlinePassed(),
  DeadLetterNotFound: new Jobs.DeadLetterNotFound({ letterId: "1" }),
  DeferredElsewhere: new Spool.DeferredElsewhere({ deferredId: "dfr_1" }),
  DeferredDiscarded: new Spool.DeferredDiscarded(),
  DeferredExpired: new Spool.DeferredExpired(),
  DeferredNotFound: new Spool.DeferredNotFound({ deferredId: "dfr_1" }),
  DiscountNotApplicable: new Orders.DiscountNotApplicable({ reason: "over" }),
  Draining: new Door.Draining(),
  EmailTaken: new Users.EmailTaken(),
  FeatureDisabled: new FeatureDisabled("checkout", Duration.minutes(1)),
  Forbidden: new Door.Forbidden(),
  HashingOverloaded: new Users.HashingOverloaded({ retryAfterSeconds: 1 }),
  ImportRefused: new ImportRefused({ reason: "unknown_sku", skus: [Sku.make("LAMP")] }),
  IdempotencyInFlight: new Orders.IdempotencyInFlight(),
  HeadersTooLarge: new Door.HeadersTooLarge({ limitBytes: 16_384 }),
  IdempotencyKeyInvalid: new Door.IdempotencyKeyInvalid(),
  IdempotencyKeyMissing: new Door.IdempotencyKeyMissing(),
  IdempotencyKeyReused: new Orders.IdempotencyKeyReused(),
  InsufficientStock: new Orders.InsufficientStock({ orderId, lines: [{ position: 0, requested: 3, available: 1 }] }),
  InvalidCredentials: new Users.InvalidCredentials(),
  MalformedRequest: new Door.MalformedRequest({ reason: "not_json" }),
  MethodNotAllowed: new Door.MethodNotAllowed({ allow: ["GET", "HEAD"] }),
  MixedCurrencies: new Orders.MixedCurrencies(),
  TotalNotPayable: new Orders.TotalNotPayable({ totalCents: 49, minimumCents: 50, maximumCents: 99_999_999 }),
  NodeDraining: new Ops.NodeDraining({ checks }),
  SwitchTargetUnknown: new Ops.SwitchTargetUnknown(),
  NodeOverloaded: new Door.NodeOverloaded({ retryAfterSeconds: 1 }),
  NotAcceptable: new Door.NotAcceptable(),
  NodeNotReady: new Ops.NodeNotReady({ checks }),
  NothingKnown: new Ops.NothingKnown(),
  OperatorUnknown: new OperatorUnknown(),
  OrderNotFound: new Orders.OrderNotFound({ orderId }),
  OrderPaymentDeclined: new Orders.OrderPaymentDeclined({ orderId, reason: "declined" }),
  OrderStateConflict: new Orders.OrderStateConflict({ orderId, status: "captured" }),
  OrderVersionDiffers: new Orders.OrderVersionDiffers({ orderId, status: "confirmed", version: 3 }),
  PayloadTooLarge: new Door.PayloadTooLarge({ limitBytes: bodyLimitBytes }),
  PreconditionRequired: new Door.PreconditionRequired(),
  PriceChanged: new Orders.PriceChanged({ expected: 1, total: 2, currency: "EUR" }),
  ProductNotFound: new ProductNotFound({ productId: ProductId.make("prd_1") }),
  QueryTimeout: new QueryTimeout(),
  RateLimited: new Door.RateLimited({ limit: "sign_up", retryAfterSeconds: 3 }),
  RefundTooLarge: new Orders.RefundTooLarge({ orderId, refundableCents: 500 }),
  ReplayNotFound: new Jobs.ReplayNotFound({ replayId: "1" }),
  RequestTimeout: new Door.RequestTimeout(),
  RouteNotFound: new Door.RouteNotFound(),
  SignUpKeyReused: new Users.SignUpKeyReused(),
  TooManyLogInAttempts: new Users.TooManyLogInAttempts({ retryAfterSeconds: 30 }),
  Unauthenticated: new Users.Unauthenticated({ reason: "session_revoked" }),
  Unexpected: new Door.Unexpected(),
  UnknownSkus: new Orders.UnknownSkus({ positions: [0, 2] }),
  UnsupportedMediaType: new Door.UnsupportedMediaType(),
  UriTooLong: new Door.UriTooLong({ limitBytes: 8_192 }),
  UserNotFound: new Users.UserNotFound({ userId: UserId.make("usr_1") }),
  ValidationFailed: new Door.ValidationFailed({
    errors: [{ in: "payload", pointer: "/name", code: "too_short", message: "A name has at least 2 characters." }],
    truncated: false
  }),
  WebhookSignatureRefused: new Webhooks.WebhookSignatureRefused({ reason: "wrong" }),
  WebhookUnreadable: new Webhooks.WebhookUnreadable()
}
