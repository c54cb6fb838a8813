/** How the pages look: one sheet, no picture, no font, light and dark, from 320 pixels up. */
export const styleSheet = `
:root {
  color-scheme: light dark;
  --back: #f6f7f9; --panel: #fff; --text: #172033; --dim: #56627a; --line: #dde2ea;
  --accent: #0b5cd6; --accent-back: #e8f0fd; --on-accent: #fff;
  --good: #1a6b3c; --good-back: #e3f4e9; --warn: #855400; --warn-back: #fdf1d8; --bad: #b3261e; --bad-back: #fdeceb;
  --code: #f1f3f7;
}
@media (prefers-color-scheme: dark) {
  :root {
    --back: #10141c; --panel: #181e29; --text: #e6eaf2; --dim: #9aa6bd; --line: #2b3444;
    --accent: #78aeff; --accent-back: #1d2c47; --on-accent: #0b1526;
    --good: #7ed3a0; --good-back: #15301f; --warn: #f0c060; --warn-back: #35290f; --bad: #ff9d95; --bad-back: #3d1a18;
    --code: #111722;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif; margin: 0; background: var(--back); color: var(--text); }
a { color: var(--accent); text-underline-offset: .15em; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
.skip { position: absolute; left: -999rem; } .skip:focus { left: 1rem; top: 1rem; background: var(--panel); padding: .5rem 1rem; z-index: 2; }
header.top { background: var(--panel); border-bottom: 1px solid var(--line); }
.bar { max-width: 72rem; margin: 0 auto; padding: .7rem 1.25rem 0; display: flex; flex-wrap: wrap; align-items: center; gap: .4rem 1rem; }
.brand { font-weight: 650; color: inherit; text-decoration: none; display: inline-flex; gap: .5rem; align-items: center; }
.brand svg { flex: none; }
.who { margin-left: auto; display: flex; gap: .6rem; align-items: center; color: var(--dim); font-size: .9rem; }
nav { flex-basis: 100%; display: flex; flex-wrap: wrap; gap: 0 .25rem; margin: 0 -.5rem; }
nav a { padding: .5rem; text-decoration: none; color: var(--dim); border-bottom: 2px solid transparent; font-weight: 500; }
nav a:hover { color: var(--text); }
nav a[aria-current] { color: var(--text); border-color: var(--accent); }
main { max-width: 72rem; margin: 0 auto; padding: 1.5rem 1.25rem 4rem; }
main.narrow { max-width: 27rem; padding-top: 8vh; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .25rem; letter-spacing: -.01em; }
h2 { font-size: 1.08rem; margin: 2rem 0 .7rem; } h3 { font-size: 1rem; margin: 0; }
p { margin: 0 0 .8rem; max-width: 46rem; } .lead, .dim { color: var(--dim); } small { font-size: .85rem; color: var(--dim); }
.panel { background: var(--panel); border: 1px solid var(--line); border-radius: 10px; padding: 1.1rem 1.25rem; margin: 0 0 1rem; }
.panel > :first-child { margin-top: 0; } .panel > :last-child { margin-bottom: 0; } .panel .head { margin-bottom: .4rem; } .panel .head > * { margin: 0; }
.columns { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr)); align-items: start; margin: 0 0 1rem; }
.columns > .panel { margin: 0; height: 100%; } form.panel { align-content: start; } form.panel > h2 { margin: 0; }
.tiles { display: grid; gap: .75rem; grid-template-columns: repeat(auto-fit, minmax(7.3rem, 1fr)); margin: 1.25rem 0; padding: 0; list-style: none; }
.tiles a { display: block; height: 100%; padding: .8rem 1rem; background: var(--panel); border: 1px solid var(--line); border-radius: 10px; text-decoration: none; color: var(--dim); font-size: .88rem; }
.tiles a:hover { border-color: var(--accent); }
.tiles b { display: block; font-size: 1.55rem; line-height: 1.2; color: var(--text); font-weight: 600; font-variant-numeric: tabular-nums; }
dl { display: grid; grid-template-columns: minmax(6.5rem, max-content) 1fr; gap: .4rem 1.2rem; margin: 0; } dt { color: var(--dim); } dd { margin: 0; overflow-wrap: anywhere; }
code, pre, textarea { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: .87rem; }
code { overflow-wrap: anywhere; } :not(pre) > code { background: var(--code); border-radius: 4px; padding: .08em .3em; }
pre { background: var(--code); border: 1px solid var(--line); border-radius: 8px; padding: .7rem .9rem; margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.copied { position: relative; margin: 0 0 .8rem; } .copied button { position: absolute; top: .4rem; right: .4rem; padding: .2rem .55rem; font-size: .8rem; }
.badge { display: inline-block; border-radius: 99px; padding: .05rem .6rem; font-size: .8rem; font-weight: 600; background: var(--accent-back); color: var(--accent); white-space: nowrap; }
.good { background: var(--good-back); color: var(--good); } .warn { background: var(--warn-back); color: var(--warn); } .bad { background: var(--bad-back); color: var(--bad); }
.note { border: 1px solid var(--line); border-left: 4px solid var(--accent); background: var(--panel); border-radius: 8px; padding: .7rem 1rem; margin: 0 0 1rem; }
.note.good { border-color: var(--good); } .note.bad { border-color: var(--bad); }
.note > :last-child { margin-bottom: 0; }
form { display: grid; gap: .85rem; } form + p { margin-top: .9rem; } .setting form { max-width: 46rem; } form.line { display: flex; flex-wrap: wrap; gap: .5rem .75rem; align-items: end; }
form.line > label { flex: 1 1 11rem; } form.inline { display: inline; }
label, fieldset { display: grid; gap: .25rem; font-weight: 500; font-size: .92rem; min-width: 0; } label > small { font-weight: 400; }
fieldset { border: 1px solid var(--line); border-radius: 8px; padding: .5rem .9rem .8rem; margin: 0; } legend { padding: 0 .3rem; }
label.tick { display: flex; gap: .55rem; align-items: baseline; font-weight: 400; } label.tick input { flex: none; width: auto; }
.ticks { display: grid; gap: .3rem 1rem; grid-template-columns: repeat(auto-fit, minmax(min(17rem, 100%), 1fr)); }
input, select, textarea { font: inherit; font-weight: 400; width: 100%; min-width: 0; padding: .5rem .65rem; border: 1px solid var(--line); border-radius: 7px; background: var(--back); color: var(--text); }
::placeholder { color: var(--dim); opacity: 1; } ::file-selector-button { font: inherit; font-weight: 500; margin-right: .7rem; padding: .1rem .7rem; border: 1px solid var(--line); border-radius: 5px; background: var(--panel); color: var(--text); cursor: pointer; }
input[type=checkbox], input[type=radio] { accent-color: var(--accent); }
textarea { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: .87rem; min-height: 7rem; resize: vertical; }
.buttons { display: flex; flex-wrap: wrap; gap: .6rem; }
button, .button { font: inherit; font-weight: 600; padding: .5rem 1rem; border: 1px solid transparent; border-radius: 7px; background: var(--accent); color: var(--on-accent); cursor: pointer; text-decoration: none; }
button:hover { filter: brightness(1.07); }
button.plain { background: transparent; border-color: var(--line); color: var(--text); font-weight: 500; } button.plain:hover { border-color: var(--accent); }
button.small { padding: .15rem .6rem; font-size: .85rem; } button.danger { background: transparent; border-color: var(--bad); color: var(--bad); }
button:disabled { opacity: .5; cursor: default; }
details.setting { background: var(--panel); border: 1px solid var(--line); border-radius: 10px; margin: 0 0 .5rem; }
details.setting > summary { position: relative; padding: .7rem 1.1rem .7rem 2.4rem; cursor: pointer; display: flex; flex-wrap: wrap; gap: .1rem 1rem; align-items: baseline; list-style: none; }
details.setting > summary::-webkit-details-marker { display: none; }
details.setting > summary::before { content: "▸"; color: var(--dim); position: absolute; left: 1.1rem; } details.setting[open] > summary::before { content: "▾"; }
details.setting > summary b { font-weight: 600; } details.setting > summary span { color: var(--dim); overflow-wrap: anywhere; flex: 1 1 14rem; }
details.setting table { margin-bottom: 1rem; } details.setting > div { padding: .2rem 1.1rem 1.1rem; border-top: 1px solid var(--line); padding-top: .9rem; }
summary { cursor: pointer; } details.plain > summary { color: var(--accent); font-weight: 600; margin-bottom: .8rem; }
.panel > details { margin-top: .7rem; } table { border-collapse: collapse; width: 100%; font-size: .92rem; } caption { text-align: left; color: var(--dim); padding-bottom: .4rem; }
th, td { text-align: left; padding: .45rem .9rem .45rem 0; border-bottom: 1px solid var(--line); vertical-align: top; } td { overflow-wrap: break-word; }
th { color: var(--dim); font-weight: 500; font-size: .85rem; white-space: nowrap; } tr:last-child td { border-bottom: 0; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; } th:last-child, td:last-child { padding-right: 0; }
.method { font-weight: 600; font-size: .8rem; } .empty { color: var(--dim); padding: .6rem 0; } .panel > .empty:only-child { padding: 0; }
.head { display: flex; flex-wrap: wrap; gap: .4rem 1rem; align-items: baseline; justify-content: space-between; margin-bottom: 1rem; }
.live { color: var(--dim); font-size: .85rem; } .live::before { content: ""; display: inline-block; width: .55rem; height: .55rem; border-radius: 50%; background: var(--dim); margin-right: .4rem; }
.live[data-on="yes"]::before { background: var(--good); }
ul.scopes { list-style: none; padding: 0; margin: 0 0 1rem; display: grid; gap: .5rem; } ul.scopes li { display: grid; }
footer { max-width: 72rem; margin: 0 auto; padding: 0 1.25rem 2rem; color: var(--dim); font-size: .85rem; }
@media (max-width: 40rem) {
  main { padding: 1.1rem 1rem 3rem; } footer { padding: 0 1rem 2rem; } .bar { padding: .6rem 1rem 0; gap: .4rem .5rem; } .bar > .badge { display: none; } dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .6rem; }
  table.stack thead { position: absolute; left: -999rem; } table.stack tr { display: flex; flex-wrap: wrap; align-items: baseline; gap: .1rem .8rem; padding: .6rem 0; border-bottom: 1px solid var(--line); } table.stack tr:last-child { border-bottom: 0; }
  table.stack td { border: 0; padding: 0; } table.stack td.wide { flex-basis: 100%; } td.number, th.number { text-align: left; }
  .copied { display: grid; gap: .35rem; } .copied button { position: static; justify-self: end; }
  table.stack td[data-label]::before { content: attr(data-label) " "; color: var(--dim); font-size: .85rem; }
}
@media (prefers-reduced-motion: no-preference) { .live[data-on="yes"]::before { animation: pulse 2s infinite; } @keyframes pulse { 50% { opacity: .35; } } }
`

/** The icon: a bucket, drawn here. */
export const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path fill="#0b5cd6" d="M3 4h18l-2.6 16.2a1 1 0 0 1-1 .8H6.600a1 1 0 0 1-1-.8z"/><path fill="#fff" d="M9.300 9h5.400l-.9 6h-3.600z"/></svg>`
