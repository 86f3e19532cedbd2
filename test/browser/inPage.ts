/** What a page is asked about itself, as expressions of its own: each answers what is wrong, in words. */

/** Wider than the window, and what sticks out. */
export const overflow = `(() => {
  const wide = document.documentElement.scrollWidth, window_ = document.documentElement.clientWidth
  if (wide <= window_) return []
  const out = [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > window_ + 1)
  return [wide + " px wide in " + window_ + ": " + out.slice(-3).map((one) => one.outerHTML.slice(0, 80)).join(" | ")]
})()`

/** Names, headings, ids and live regions, as a screen reader needs them. */
export const structure = `(() => {
  const wrong = []
  const all = (selector) => [...document.querySelectorAll(selector)]
  const say = (what, one) => wrong.push(what + ": " + one.outerHTML.slice(0, 120))
  if (document.documentElement.lang === "") wrong.push("the page says no language")
  if (all("main").length !== 1) wrong.push("there are " + all("main").length + " mains")
  if (all("h1").length !== 1) wrong.push("there are " + all("h1").length + " first headings")
  let level = 0
  for (const one of all("h1, h2, h3, h4")) {
    const next = Number(one.tagName[1])
    if (next > level + 1) say("a heading leaves one out", one)
    level = next
  }
  for (const one of all("input:not([type=hidden]), select, textarea"))
    if (one.labels.length === 0 && one.getAttribute("aria-label") === null) say("without a label", one)
  for (const one of all("a, button, summary"))
    if ((one.getAttribute("aria-label") ?? one.innerText ?? "").trim() === "") say("without a name", one)
  for (const one of all("svg, img")) if (one.getAttribute("aria-label") === null && one.alt === undefined) say("without words", one)
  for (const one of all("th")) if (one.getAttribute("scope") === null) say("a heading of nothing", one)
  const ids = all("[id]").map((one) => one.id)
  for (const id of new Set(ids)) if (ids.filter((one) => one === id).length > 1) wrong.push("twice: " + id)
  for (const one of all("[aria-labelledby]"))
    if (document.getElementById(one.getAttribute("aria-labelledby")) === null) say("named by nothing", one)
  for (const one of all("[aria-live]")) if (one.closest("#verdict") === null) say("read aloud without need", one)
  for (const one of all("a[href^='#']")) if (document.getElementById(one.hash.slice(1)) === null) say("leads nowhere", one)
  return wrong
})()`

/** Text that does not stand out from what is behind it by 4.5 to 1 (WCAG 2.2 AA), in the colours that the page has now. */
export const contrast = `(() => {
  const numbers = (colour) => (colour.match(/[\\d.]+/g) ?? []).map(Number)
  const share = (value) => { const c = value / 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4 }
  const light = ([r, g, b]) => 0.2126 * share(r) + 0.7152 * share(g) + 0.0722 * share(b)
  const probe = document.body.appendChild(document.createElement("i"))
  probe.style.setProperty("background-color", "Canvas")
  const canvas = numbers(getComputedStyle(probe).backgroundColor)
  probe.remove()
  const behind = (one) => {
    for (let at = one; at !== null; at = at.parentElement) {
      const colour = numbers(getComputedStyle(at).backgroundColor)
      if (colour.length === 3 || colour[3] === 1) return colour
    }
    return canvas
  }
  const wrong = new Map()
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const one = node.parentElement
    if (node.data.trim() === "" || ["SCRIPT", "STYLE", "OPTION", "OPTGROUP"].includes(one.tagName) || one.getClientRects().length === 0) continue
    const [front, back] = [light(numbers(getComputedStyle(one).color)), light(behind(one))]
    const ratio = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05)
    if (ratio < 4.5) wrong.set(one.className + one.tagName, ratio.toFixed(2) + " to 1: " + node.data.trim().slice(0, 60))
  }
  return [...wrong.values()]
})()`

/** Whether what has the focus shows it. */
export const focused = `(() => {
  const one = document.activeElement
  const { outlineStyle, outlineWidth } = getComputedStyle(one)
  return one !== document.body && outlineStyle !== "none" && outlineWidth !== "0px" ? [] : ["no focus is seen on " + one.outerHTML.slice(0, 80)]
})()`
