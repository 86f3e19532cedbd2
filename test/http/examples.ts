/**
 * One of each error that a caller can see. The compiler wants one for every new error; the catalogue of errors takes its
 * words from here, and the tests of the table their subjects.
 */
import { Duration } from "effect"
import { ProductNotFound } from "../../src/catalog/errors.ts"
import { ProductId } from "../../src/catalog/Product.ts"
import { DatabaseUnavailable, QueryTimeout } from "../../src/database/errors.ts"
import type { AppError } from "../../src/errors.ts"
import * as Door from "../../src/http/errors.ts"
import { bodyLimitBytes } from "../../src/http/limits.ts"
import { OperatorUnknown } from "../../src/http/ops/errors.ts"
import * as Jobs from "../../src/jobs/errors.ts"
import * as Spool from "../../src/jobs/spool/errors.ts"
import { FeatureDisabled } from "../../src/resilience/index.ts"
import * as Ops from "../../src/ops/errors.ts"
import * as Orders from "../../src/orders/errors.ts"
import { OrderId } from "../../src/orders/Order.ts"
import * as Users from "../../src/users/errors.ts"
import * as Webhooks from "../../src/orders/webhooks/errors.ts"
import { UserId } from "../../src/users/User.ts"

export type Tag = AppError["_tag"]

const orderId = OrderId.make("ord_1")
const checks = { database: { status: "fail" } } as const

export const examples: { readonly [T in Tag]: Extract<AppError, { readonly _tag: T }> } = {
  DatabaseUnavailable: new DatabaseUnavailable({ reason: "connection", outcome: "none", retryAfterSeconds: 2 }),
  DeadlinePassed: new Door.DeadlinePassed(),
  DeadLetterNotFound: new Jobs.DeadLetterNotFound({ letterId: "1" }),
  DeferredElsewhere: new Spool.DeferredElsewhere({ deferredId: "dfr_1" }),
  DeferredExpired: new Spool.DeferredExpired(),
  DeferredNotFound: new Spool.DeferredNotFound({ deferredId: "dfr_1" }),
  DiscountNotApplicable: new Orders.DiscountNotApplicable({ reason: "over" }),
  Draining: new Door.Draining(),
  EmailTaken: new Users.EmailTaken(),
  FeatureDisabled: new FeatureDisabled("checkout", Duration.minutes(1)),
  Forbidden: new Door.Forbidden(),
  HashingOverloaded: new Users.HashingOverloaded({ retryAfterSeconds: 1 }),
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
  NodeNotReady: new Ops.NodeNotReady({ checks }),
  OperatorUnknown: new OperatorUnknown(),
  OrderNotFound: new Orders.OrderNotFound({ orderId }),
  OrderPaymentDeclined: new Orders.OrderPaymentDeclined({ orderId, reason: "declined" }),
  OrderStateConflict: new Orders.OrderStateConflict({ orderId, status: "captured" }),
  OrderVersionDiffers: new Orders.OrderVersionDiffers({ orderId, version: 3 }),
  PayloadTooLarge: new Door.PayloadTooLarge({ limitBytes: bodyLimitBytes }),
  PreconditionRequired: new Door.PreconditionRequired(),
  PriceChanged: new Orders.PriceChanged({ expected: 1, total: 2, currency: "EUR" }),
  ProductNotFound: new ProductNotFound({ productId: ProductId.make("prd_1") }),
  QueryTimeout: new QueryTimeout(),
  RefundTooLarge: new Orders.RefundTooLarge({ orderId, refundableCents: 500 }),
  ReplayNotFound: new Jobs.ReplayNotFound({ replayId: "1" }),
  RequestTimeout: new Door.RequestTimeout(),
  RouteNotFound: new Door.RouteNotFound(),
  SignUpKeyReused: new Users.SignUpKeyReused(),
  Unauthenticated: new Users.Unauthenticated({ reason: "session_revoked" }),
  Unexpected: new Door.Unexpected(),
  UnknownSkus: new Orders.UnknownSkus({ positions: [0, 2] }),
  UnsupportedMediaType: new Door.UnsupportedMediaType(),
  UserNotFound: new Users.UserNotFound({ userId: UserId.make("usr_1") }),
  ValidationFailed: new Door.ValidationFailed({ errors: [], truncated: true }),
  WebhookSignatureRefused: new Webhooks.WebhookSignatureRefused({ reason: "wrong" }),
  WebhookUnreadable: new Webhooks.WebhookUnreadable()
}
