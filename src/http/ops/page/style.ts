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
form.sign-in { max-width: 26rem; margin: 12vh auto 0; display: grid; gap: .8rem; }
form.sign-in input { width: 100%; }
`
