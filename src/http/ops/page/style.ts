/** How the operators' pages look: light and dark, from a telephone's width up. */
export const style = `
:root { color-scheme: light dark; --line: light-dark(#d4d7dd, #3a3f47); --soft: light-dark(#5b6470, #a3abb7);
  --good: light-dark(#136c34, #6fd08c); --warn: light-dark(#8a5300, #f0b65a); --bad: light-dark(#a61b1b, #ff8a80); }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 78rem; padding: 1rem; font: 15px/1.45 system-ui, sans-serif; }
h1 { font-size: 1.2rem; margin: 0; } h2 { font-size: 1rem; margin: 1.6rem 0 .4rem; }
header { display: flex; flex-wrap: wrap; gap: .6rem 1.2rem; align-items: baseline; justify-content: space-between; }
label { display: block; } input, select, button { font: inherit; padding: .3rem .5rem; }
a:focus-visible, button:focus-visible, input:focus-visible, summary:focus-visible { outline: 2px solid; outline-offset: 2px; }
.soft { color: var(--soft); } .good { color: var(--good); } .warn { color: var(--warn); } .bad { color: var(--bad); }
.verdict { font-size: 1.15rem; border-left: .4rem solid; padding: .5rem .8rem; margin: 1rem 0 .2rem; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
thead th { color: var(--soft); font-weight: 500; } .n { font-variant-numeric: tabular-nums; white-space: nowrap; }
meter { width: 4rem; vertical-align: middle; }
a.act { white-space: nowrap; margin-right: .5rem; }
ul.tiles { list-style: none; padding: 0; display: grid; gap: .4rem; grid-template-columns: repeat(auto-fill, minmax(19rem, 1fr)); }
ul.tiles li { border: 1px solid var(--line); border-radius: .3rem; padding: .4rem .6rem; }
main.change { max-width: 40rem; } main.change form { display: grid; gap: .8rem; } main.change input { width: 100%; }
form.sign-in { max-width: 26rem; margin: 12vh auto 0; display: grid; gap: .8rem; }
form.sign-in input { width: 100%; }
`
