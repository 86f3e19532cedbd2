/** Keeps the open page up: swaps the parts that changed, but none that somebody is using. The page is whole without it. */
export const liveScript = `
const live = document.getElementById("live");
const source = new EventSource("/ops/api/stream");
source.addEventListener("message", (event) => {
  live.textContent = "live";
  for (const [id, markup] of Object.entries(JSON.parse(event.data))) {
    const place = document.getElementById(id);
    if (place !== null && !place.contains(document.activeElement)) place.innerHTML = markup;
  }
});
source.addEventListener("error", () => {
  live.textContent = "not live: the node does not answer. What is below is from before.";
});
`
