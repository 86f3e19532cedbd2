/**
 * Keeps the open page up: swaps the parts that changed, but none that somebody is using, and leaves open what was opened.
 * The page is whole without it.
 */
export const liveScript = `
const live = document.getElementById("live");
const source = new EventSource("/ops/api/stream");
source.addEventListener("message", (event) => {
  live.textContent = "live";
  document.body.className = "live";
  for (const [id, markup] of Object.entries(JSON.parse(event.data))) {
    const place = document.getElementById(id + "-now");
    if (place === null || place.contains(document.activeElement)) continue;
    const opened = [...place.querySelectorAll("details[open]")].map((one) => one.id);
    place.innerHTML = markup;
    for (const one of opened) document.getElementById(one)?.setAttribute("open", "");
  }
});
source.addEventListener("error", () => {
  document.body.className = "";
  live.textContent = "not live: the node does not answer. What is below is from before.";
});
`
