/** How the operators' pages look: light and dark, from a telephone's width up. */
export const style = `
:root { color-scheme: light dark; --line: light-dark(#d4d7dd, #3a3f47); --soft: light-dark(#5b6470, #a3abb7);
  --good: light-dark(#136c34, #6fd08c); --warn: light-dark(#8a5300, #f0b65a); --bad: light-dark(#a61b1b, #ff8a80); }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 78rem; padding: 1rem; font: 15px/1.45 system-ui, sans-serif; overflow-wrap: break-word; }
h1 { font-size: 1.2rem; margin: 0; } h2 { font-size: 1rem; margin: 1.6rem 0 .4rem; }
h3 { font-size: .95rem; font-weight: 500; margin: .8rem 0 .2rem; }
header { display: flex; flex-wrap: wrap; gap: .6rem 1.2rem; align-items: baseline; justify-content: space-between; }
nav ul { list-style: none; padding: 0; margin: .6rem 0 0; display: flex; flex-wrap: wrap; gap: .3rem 1rem; }
label { display: block; } input, select, button { font: inherit; padding: .3rem .5rem; max-width: 100%; }
a:focus-visible, button:focus-visible, input:focus-visible, select:focus-visible, summary:focus-visible { outline: 2px solid; outline-offset: 2px; }
code { font-size: .9em; } summary { cursor: pointer; } li { overflow-wrap: anywhere; }
.soft { color: var(--soft); } .good { color: var(--good); } .warn { color: var(--warn); } .bad { color: var(--bad); }
.verdict { font-size: 1.15rem; border-left: .4rem solid; padding: .5rem .8rem; margin: 1rem 0 .2rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
thead th { color: var(--soft); font-weight: 500; } .n { font-variant-numeric: tabular-nums; white-space: nowrap; }
meter { width: 3rem; vertical-align: middle; }
a.act { white-space: nowrap; margin-right: .5rem; } .viewer .act { display: none; }
form.row { display: flex; flex-wrap: wrap; gap: .5rem .8rem; align-items: end; margin: .4rem 0; }
svg.spark { display: block; width: 100%; height: 2.4rem; margin: .3rem 0; }
svg.spark polyline { fill: none; stroke-width: 2; vector-effect: non-scaling-stroke; stroke: var(--good); }
svg.spark polyline.ghost { stroke: var(--line); }
.live section:focus-within > h2::after { content: " (held as it is while you are in it)"; font-weight: 400; color: var(--soft); }
ul.tiles { list-style: none; padding: 0; display: grid; gap: .4rem; grid-template-columns: repeat(auto-fill, minmax(min(17rem, 100%), 1fr)); }
ul.tiles li { border: 1px solid var(--line); border-radius: .3rem; padding: .4rem .6rem; }
main.change { max-width: 40rem; } main.change form { display: grid; gap: .8rem; } main.change input { width: 100%; }
form.sign-in { max-width: 26rem; margin: 12vh auto 0; display: grid; gap: .8rem; }
form.sign-in input { width: 100%; }
@media (max-width: 48rem) {
  thead { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
  table, tbody { display: block; }
  tr { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); border-bottom: 1px solid var(--line); padding: .3rem 0; }
  th, td { display: block; border: 0; overflow-wrap: anywhere; padding: .1rem .3rem; } .n { white-space: normal; }
  tbody th, td:last-child { grid-column: 1 / -1; }
  td[data-label]::before { content: attr(data-label) " "; color: var(--soft); }
}
`
