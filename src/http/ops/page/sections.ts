/** The parts of the operators' page, each by the id of its place: the same when it is loaded and when it is kept up. */
import { DateTime, Option } from "effect"
import type { DependencySnapshot, Override } from "../../../resilience/index.ts"
import type { Look, Seen } from "./Console.ts"
import { markup, type Markup } from "../../markup.ts"

export const sectionsOf = (look: Look): Readonly<Record<string, Markup>> => ({
  verdict: verdict(look),
  dependencies: dependencies(look),
  switches: switches(look),
  queues: queues(look),
  letters: letters(look)
})

const change = (text: string, query: Readonly<Record<string, string>>) =>
  markup`<a class="act" href="/ops/change?${new URLSearchParams(query).toString()}">${text}</a>`

const time = (at: DateTime.Utc) =>
  markup`<time datetime="${DateTime.formatIso(at)}">${DateTime.formatIso(at).slice(11, 19)}</time>`
const ago = (seconds: number) =>
  seconds < 120
    ? `${Math.round(seconds)} s`
    : seconds < 7200
      ? `${Math.round(seconds / 60)} min`
      : `${Math.round(seconds / 3600)} h`
const secondsBetween = (from: DateTime.Utc, to: DateTime.Utc) =>
  (DateTime.toEpochMillis(to) - DateTime.toEpochMillis(from)) / 1000

const isWell = ({ state, switchedOff }: DependencySnapshot) => state === "closed" && !switchedOff
const stateOf = (circuit: DependencySnapshot) =>
  circuit.switchedOff ? "switched off" : circuit.state.replaceAll("_", " ")

const total = <A>(seen: Option.Option<Seen<ReadonlyArray<A>>>, count: (each: A) => number) =>
  Option.match(seen, { onNone: () => 0, onSome: ({ value }) => value.reduce((sum, each) => sum + count(each), 0) })

/** One sentence: how it is, and what to look at first. */
const verdict = (look: Look): Markup => {
  const unwell = look.circuits.filter((circuit) => !isWell(circuit))
  const off = look.switches.filter((each) => each.off !== undefined && each.of === "feature")
  const dead = total(look.letters, ({ count }) => count)
  const blind = Option.isNone(look.letters) || look.letters.value.old
  const facts = [
    ...(look.draining ? ["this node is shutting down"] : []),
    ...unwell.map((circuit) => `${circuit.name} ${stateOf(circuit)} for ${ago(circuit.stateMillis / 1000)}`),
    ...off.map(({ name }) => `${name} is switched off`),
    ...(blind ? ["the database cannot be read: what is below is from before"] : []),
    ...(dead > 0 ? [`${dead} dead ${dead === 1 ? "letter" : "letters"}`] : [])
  ]
  const kind = unwell.length > 0 || blind ? "bad" : facts.length > 0 ? "warn" : "good"
  const word = { bad: "Degraded", warn: "Running, with something to look at", good: "All is well" }[kind]
  return markup`<p class="verdict ${kind}" role="status">
      <strong>${word}</strong>${facts.length > 0 && `: ${facts.join("; ")}`}.
    </p>
    <p class="soft">As of ${time(look.at)} UTC, this node's view.</p>`
}

const orderNote = (order: Override | undefined) =>
  order !== undefined &&
  markup`<br /><small class="soft"
      >${order.actor}:
      ${order.reason}${order.until !== undefined && markup`, until ${time(DateTime.makeUnsafe(order.until))}`}</small
    >`

const row = (circuit: DependencySnapshot) => {
  const { calls, failures, inFlight, lastErrorType, limit, name, outageSeconds, overrides, retries, stateMillis } =
    circuit
  const share = calls === 0 ? 0 : failures / calls
  const acts = [
    overrides.length > 0
      ? change("reset", { thing: "circuit", name, verb: "reset" })
      : markup`${change("force open", { thing: "circuit", name, verb: "force-open" })}
        ${change("disable", { thing: "circuit", name, verb: "disable" })}`
  ]
  return markup`<tr>
    <th scope="row">${name}</th>
    <td class="${isWell(circuit) ? "good" : "bad"}">${stateOf(circuit)}${orderNote(overrides[0])}</td>
    <td>${ago(stateMillis / 1000)}</td>
    <td class="n">${calls}</td>
    <td class="n">
      <meter min="0" max="1" high="0.2" value="${share.toFixed(3)}" title="share of calls that failed"></meter>
      ${(share * 100).toFixed(1)} %
    </td>
    <td class="n">${retries}</td>
    <td class="n">${inFlight} / ${Number.isFinite(limit) ? Math.round(limit) : "∞"}</td>
    <td class="n">${Math.round(outageSeconds)} s</td>
    <td>${lastErrorType ?? "–"}</td>
    <td>${name === "database" ? undefined : acts}</td>
  </tr>`
}

const dependencies = ({ circuits }: Look): Markup =>
  markup`<h2>Dependencies</h2>
    <div class="wide">
      <table>
        <thead>
          <tr>
            <th scope="col">name</th>
            <th scope="col">circuit</th>
            <th scope="col">for</th>
            <th scope="col">calls</th>
            <th scope="col">failed</th>
            <th scope="col">retries</th>
            <th scope="col">in flight</th>
            <th scope="col">outage</th>
            <th scope="col">last error</th>
            <th scope="col">change</th>
          </tr>
        </thead>
        <tbody>
          ${circuits.map(row)}
        </tbody>
      </table>
    </div>`

const switches = (look: Look): Markup =>
  markup`<h2>Kill switches</h2>
    <ul class="tiles">
      ${look.switches.map(
        ({ name, of, off }) =>
          markup`<li>
            <strong>${name}</strong> <span class="soft">${of}</span>
            ${off === undefined ? markup`<span class="good">on</span>` : markup`<span class="bad">off</span>`}
            ${
              off === undefined
                ? change("switch off", { thing: "switch", name, verb: "off" })
                : change("switch on", { thing: "switch", name, verb: "on" })
            }
            ${orderNote(off)}
          </li>`
      )}
    </ul>`

const read = <A>(title: string, look: Look, seen: Option.Option<Seen<A>>, show: (value: A) => Markup): Markup =>
  markup`<h2>${title}</h2>
    ${Option.match(seen, {
      onNone: () => markup`<p class="bad">Not known: the database has not answered since this node started.</p>`,
      onSome: ({ at, old, value }) =>
        markup`${old && markup`<p class="warn">As of ${ago(secondsBetween(at, look.at))} ago.</p>`}${show(value)}`
    })}`

const queues = (look: Look): Markup =>
  read("Queues", look, look.queues, (all) =>
    all.length === 0
      ? markup`<p class="soft">Nothing was ever queued.</p>`
      : markup`<div class="wide">
          <table>
            <thead>
              <tr>
                <th scope="col">queue</th>
                <th scope="col">ready</th>
                <th scope="col">later</th>
                <th scope="col">running</th>
                <th scope="col">dead</th>
                <th scope="col">oldest</th>
                <th scope="col">change</th>
              </tr>
            </thead>
            <tbody>
              ${all.map(
                ({ dead, delayed, oldestSeconds, paused, queue, ready, running }) =>
                  markup`<tr>
                    <th scope="row">${queue}</th>
                    <td class="n">${ready}</td>
                    <td class="n">${delayed}</td>
                    <td class="n">${running}</td>
                    <td class="n ${dead > 0 && "bad"}">${dead}</td>
                    <td class="n">${ago(oldestSeconds)}</td>
                    <td>
                      ${
                        paused === undefined
                          ? change("pause", { thing: "queue", name: queue, verb: "pause" })
                          : markup`<span class="warn">paused by ${paused.actor}: ${paused.reason}</span>
                              ${change("resume", { thing: "queue", name: queue, verb: "resume" })}`
                      }
                    </td>
                  </tr>`
              )}
            </tbody>
          </table>
        </div>`
  )

const letters = (look: Look): Markup =>
  read("Dead letters", look, look.letters, (groups) =>
    groups.length === 0
      ? markup`<p class="good">None.</p>`
      : markup`<div class="wide">
          <table>
            <thead>
              <tr>
                <th scope="col">queue</th>
                <th scope="col">error</th>
                <th scope="col">category</th>
                <th scope="col">how many</th>
                <th scope="col">first</th>
                <th scope="col">last</th>
                <th scope="col">change</th>
              </tr>
            </thead>
            <tbody>
              ${groups.map(
                ({ category, code, count, firstFailedAt, lastFailedAt, queue }) =>
                  markup`<tr>
                    <th scope="row">${queue}</th>
                    <td>${code}</td>
                    <td>${category}</td>
                    <td class="n bad">${count}</td>
                    <td>${ago(secondsBetween(firstFailedAt, look.at))} ago</td>
                    <td>${ago(secondsBetween(lastFailedAt, look.at))} ago</td>
                    <td>
                      ${change("replay", { thing: "letters", name: queue, code, verb: "replay" })}
                      ${change("discard", { thing: "letters", name: queue, code, verb: "discard" })}
                    </td>
                  </tr>`
              )}
            </tbody>
          </table>
        </div>`
  )
