/** `holdfast/testing`: the shop in memory, what its tests need of it, and faults around any Layer. */
export { LayerFaults } from "./LayerFaults.ts"
export { Shop } from "./Shop.ts"
export { Catalog } from "../catalog/Catalog.ts"
export { Orders } from "../orders/Orders.ts"
export { Outbox } from "../dependencies/email/EmailMemory.ts"
export { Payments } from "../dependencies/payments/Payments.ts"
export { Sessions } from "../users/Sessions.ts"
export { Users } from "../users/Users.ts"
