/**
 * One of each shape, as it is on the wire: the examples of the API's document. A test decodes each by its own schema.
 */
const id = "ord_01JD3ZQ4T8W6"
const at = "2026-11-20T12:00:00.000Z"

const product = {
  id: "prd_01JD3ZQ1K2M4",
  sku: "MUG-BLUE",
  name: "Blue mug",
  description: "Stoneware, 350 ml.",
  price: { amount: 1450, currency: "EUR" },
  created_at: at
}

const order = {
  id,
  status: "confirmed",
  lines: [{ sku: "MUG-BLUE", name: "Blue mug", quantity: 2, unit_price: 1450, total: 2900 }],
  subtotal: 2900,
  discount: 0,
  shipping: 490,
  total: 3390,
  currency: "EUR",
  payment: { status: "authorized" },
  created_at: at,
  updated_at: "2026-11-20T12:00:01.000Z",
  version: 3
}

/** By the name of the schema. */
export const shapes: Readonly<Record<string, unknown>> = {
  Cart: {
    lines: [{ sku: "MUG-BLUE", quantity: 2 }],
    payment_method: "pm_card_visa",
    client_reference: "basket 17",
    expected_total: 3390
  },
  Deferred: {
    id: "dfr_8f1b2c3d4e5f60718293a4b5c6d7e8f90123456789abcdef",
    status: "waiting",
    quoted_total: { amount: 3390, currency: "EUR" },
    accept_until: "2026-11-20T13:00:00.000Z"
  },
  Money: product.price,
  Order: order,
  OrderAccepted: {
    ...order,
    status: "reserved",
    payment: { status: "pending" },
    version: 2,
    resource: `/v1/orders/${id}`
  },
  Product: product,
  Refund: { amount: 1450 },
  Session: { token: "sess_…", user_id: "usr_01JD3ZPZZZZZ", device: "dev_…", expires_at: "2026-12-20T12:00:00.000Z" },
  User: { id: "usr_01JD3ZPZZZZZ", email: "ada@example.com", name: "Ada Lovelace", created_at: at }
}

/** Of requests whose body has no name, by the operation. */
export const bodies: Readonly<Record<string, unknown>> = {
  "users.signUp": { email: "ada@example.com", password: "a long sentence of my own", name: "Ada Lovelace" },
  "sessions.logIn": { email: "ada@example.com", password: "a long sentence of my own" }
}
