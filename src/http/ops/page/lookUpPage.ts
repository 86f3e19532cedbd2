/** Where an operator looks something up by an id that a customer, a log line or the provider has named. */
import { markup } from "../../markup.ts"

export const lookUpForm = (id = "") =>
  markup`<form class="row" method="get" action="/ops/look-up" role="search">
    <label>Look up an order, its key, a request or a payment <input name="id" value="${id}" required maxlength="255" /></label>
    <button>Look up</button>
  </form>`
