/**
 * Keeps the open page up: swaps the parts that changed, leaves open what was opened, and waits with a part that somebody is
 * using until nobody is. The page is whole without it.
 */
export const liveScript = `
const live = document.getElementById("live");
const source = new EventSource("/ops/api/stream");
const waiting = new Map();
const show = () => {
  for (const [id, markup] of waiting) {
    const place = document.getElementById(id + "-now");
    if (place !== null && place.contains(document.activeElement)) continue;
    waiting.delete(id);
    if (place === null) continue;
    const opened = [...place.querySelectorAll("details[open]")].map((one) => one.id);
    place.innerHTML = markup;
    for (const one of opened) document.getElementById(one)?.setAttribute("open", "");
  }
};
source.addEventListener("message", (event) => {
  live.textContent = "live";
  document.body.className = "live";
  for (const [id, markup] of Object.entries(JSON.parse(event.data))) waiting.set(id, markup);
  show();
});
document.addEventListener("focusout", () => setTimeout(show));
source.addEventListener("error", () => {
  document.body.className = "";
  live.textContent = "not live: the node does not answer. What is below is from before.";
});
`
