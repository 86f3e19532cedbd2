/** The requests of the shop's customers, and what a shop's day is made of. */
import { type Kind, wire } from "../load/Client.ts"

/** What the door gives a read and a write (`http/Deadlines.ts`): a good answer comes within it. */
const deadlineMillis = { read: 1_000, write: 5_000 }

/** An account that somebody logs in to does not log somebody else in meanwhile: as many as ask at once, and some. */
const accounts = Array.from({ length: 24 }, (_, index) => ({
  email: `buyer-${process.pid}-${index}@example.com`,
  password: "a password of a buyer"
}))

const posted = async (url: string, body: object, headers: Readonly<Record<string, string>> = {}) => {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body)
  })
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`)
  return (await answer.json()) as { readonly id: string; readonly token: string }
}

const order = { lines: [{ sku: "KITCHEN-KETTLE-12", quantity: 1 }], payment_method: "pm_card_visa" }

/** With a customer who has ordered something before. */
export const requestsOf = async (url: string) => {
  for (const account of accounts) await posted(`${url}/v1/users`, { ...account, name: "A Buyer" })
  const authorization = `Bearer ${(await posted(`${url}/v1/sessions`, accounts[0] ?? {})).token}`
  const key = `overload-${process.pid}`
  const { id } = await posted(`${url}/v1/orders`, order, { authorization, "idempotency-key": `${key}-first` })
  const products = (await (await fetch(`${url}/v1/products?limit=20`)).json()) as {
    readonly data: ReadonlyArray<{ readonly id: string }>
  }

  let orders = 0
  let looks = 0
  let logIns = 0
  const someProduct = () => products.data[looks++ % products.data.length]?.id ?? ""
  const [before, after] = wire(
    "POST",
    "/v1/orders",
    { authorization, prefer: "wait=0", "idempotency-key": "KEY" },
    JSON.stringify(order)
  ).split("KEY")
  const [list, looked] = [wire("GET", "/v1/products?limit=20"), wire("GET", `/v1/orders/${id}`, { authorization })]
  const loggingIn = accounts.map((account) => wire("POST", "/v1/sessions", {}, JSON.stringify(account)))
  const read = (name: string, next: () => string): Kind => ({ name, deadlineMillis: deadlineMillis.read, next })
  const write = (name: string, next: () => string): Kind => ({ name, deadlineMillis: deadlineMillis.write, next })
  return {
    order: write("order placed", () => `${before}${key}-${orders++}${after}`),
    logIn: write("log in", () => loggingIn[logIns++ % loggingIn.length] ?? ""),
    orderLooked: read("order read", () => looked),
    list: read("product list", () => list),
    product: read("product", () => wire("GET", `/v1/products/${someProduct()}`)),
    stock: read("stock", () => wire("GET", `/v1/products/${someProduct()}/stock`)),
    recommendations: read("recommendations", () => wire("GET", `/v1/products/${someProduct()}/recommendations`))
  }
}
export type Requests = Awaited<ReturnType<typeof requestsOf>>

/** Shares of all requests; together one. A workload of one kind is that kind alone. */
export const workloads = {
  mix: {
    list: 0.3,
    product: 0.32,
    stock: 0.07,
    recommendations: 0.15,
    orderLooked: 0.1,
    order: 0.05,
    logIn: 0.01
  },
  orders: { order: 1 },
  pages: { list: 1 }
} satisfies Record<string, Partial<Record<keyof Requests, number>>>
export type Workload = keyof typeof workloads

export const sharesOf = (requests: Requests, workload: Workload): ReadonlyMap<Kind, number> =>
  new Map(Object.entries(workloads[workload]).map(([name, share]) => [requests[name as keyof Requests], Number(share)]))
