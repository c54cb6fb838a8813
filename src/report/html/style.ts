/** The look of a page: light and dark as the reader's system asks, one column on a phone, ink alone on paper. */

export const style = `
:root{color-scheme:light dark;--ground:#f7f7f5;--sheet:#fff;--ink:#1b1f24;--dim:#5c6570;--line:#e2e4e6;--focus:#2f6fde;
--red:#b3261e;--red-soft:#fcefee;--green:#146c43;--green-soft:#ecf6f0;--amber:#8a5600;--amber-soft:#fdf5e4}
@media (prefers-color-scheme:dark){:root{--ground:#121417;--sheet:#1a1d21;--ink:#e4e7ea;--dim:#98a2ad;--line:#2c3137;
--focus:#7aa7ff;--red:#ff9a91;--red-soft:#311c1c;--green:#86d9a8;--green-soft:#17281f;--amber:#efc269;--amber-soft:#2c2417}}
*{box-sizing:border-box}
[hidden]{display:none!important}
html{-webkit-text-size-adjust:100%;scroll-padding-top:4.5rem}
body{margin:0;background:var(--ground);color:var(--ink);font:1rem/1.55 system-ui,sans-serif;font-variant-numeric:tabular-nums}
main{max-width:70rem;margin:0 auto;padding:2.25rem 1.5rem 4rem}
code,.c,pre{font-family:ui-monospace,"SF Mono","Cascadia Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace}
code{font-size:.875em;unicode-bidi:isolate;overflow-wrap:anywhere}
p,ul{margin:.5rem 0}
h1{font-size:1.6rem;line-height:1.25;font-weight:650;letter-spacing:-.012em;margin:.15rem 0 .4rem;text-wrap:balance}
h2{font-size:1.05rem;font-weight:650;margin:2.25rem 0 .6rem}
h2 .n{color:var(--dim);font-weight:400;margin-left:.35rem}
.kind{margin:0;color:var(--dim);font-size:.875rem}
.kind b{color:var(--ink);font-weight:650}
.about{color:var(--dim);margin:0}
.tiles{display:flex;flex-wrap:wrap;gap:.5rem;list-style:none;padding:0;margin:1.25rem 0}
.tiles li{background:var(--sheet);border:1px solid var(--line);border-radius:.5rem;padding:.5rem .85rem;min-width:6.5rem;color:var(--dim);font-size:.875rem;line-height:1.35}
.tiles b{display:block;font-size:1.35rem;font-weight:600;color:var(--ink)}
.tiles .delete b,.tiles .failed b{color:var(--red)}.tiles .create b,.tiles .done b{color:var(--green)}.tiles .update b,.tiles .replace b,.tiles .skipped b{color:var(--amber)}
.tiles .zero b{color:var(--dim);font-weight:400}
.card{background:var(--sheet);border:1px solid var(--line);border-left:4px solid var(--line);border-radius:.5rem;padding:.8rem 1.1rem;margin:.85rem 0}
.card.warning{border-left-color:var(--amber)}
.card.grave{border-left-color:var(--red);background:var(--red-soft)}
.card h2{margin:0 0 .25rem}
.card.grave h2{color:var(--red)}
.card ul{padding-left:1.15rem;margin:.25rem 0}
.card li{margin:.2rem 0;overflow-wrap:anywhere}
.card summary{color:var(--dim);cursor:pointer;font-size:.9rem}
.tools{position:sticky;top:0;z-index:1;display:flex;flex-wrap:wrap;gap:.5rem;align-items:center;background:var(--ground);padding:.75rem 0;margin:1.75rem 0 -1rem;border-bottom:1px solid var(--line)}
.tools input,.tools select,.tools button{font:inherit;font-size:.9rem;color:inherit;background:var(--sheet);border:1px solid var(--line);border-radius:.4rem;padding:.38rem .65rem;min-width:0}
.tools input{flex:1 1 13rem}
.tools select{flex:0 1 13rem;text-overflow:ellipsis}
.tools button{cursor:pointer}
.tools button[aria-pressed=false]{color:var(--dim);text-decoration:line-through;background:none}
.tools output{color:var(--dim);font-size:.875rem;flex-basis:100%}
:focus-visible{outline:2px solid var(--focus);outline-offset:1px}
.c{background:var(--sheet);border:1px solid var(--line);margin-top:-1px;font-size:.8125rem;line-height:1.5}
.many .c{content-visibility:auto;contain-intrinsic-block-size:auto 2.4rem}
.c code{font-size:1em}
.c:first-of-type{border-radius:.5rem .5rem 0 0}.c:last-of-type{border-radius:0 0 .5rem .5rem}.c:only-of-type{border-radius:.5rem}
.c>summary{display:flex;align-items:baseline;gap:.15rem .75rem;padding:.5rem .9rem;cursor:pointer;list-style:none}
.c>summary::-webkit-details-marker{display:none}
.c>summary::before{content:"\\25b8";color:var(--dim);width:.7em;flex:none}
.c[open]>summary::before{content:"\\25be"}
.c.bare>summary::before{content:""}
.c>summary:hover{background:color-mix(in srgb,var(--ink) 4%,transparent)}
.c>summary>i{flex:none;width:1.9rem;font-style:normal;font-weight:700;text-align:center;border-radius:.3rem}
.c>summary>code{font-weight:600}
.c .o{margin-left:auto;color:var(--dim);text-align:right;font-family:system-ui,sans-serif;overflow-wrap:anywhere}
.c .o code{font-size:.95em;font-weight:400}
.create>summary>i::before,.done>summary>i::before{content:"+"}.update>summary>i::before{content:"~"}.delete>summary>i::before{content:"\\2212"}.replace>summary>i::before{content:"\\2212/+"}
.create>summary>i{background:var(--green-soft);color:var(--green)}.update>summary>i{background:var(--amber-soft);color:var(--amber)}
.delete>summary>i,.replace>summary>i{background:var(--red-soft);color:var(--red)}
.c>p{margin:0;padding:.1rem .9rem .35rem 4.85rem;color:var(--dim);font-family:system-ui,sans-serif;overflow-wrap:anywhere}
.c table{width:100%;border-collapse:collapse;table-layout:fixed;border-top:1px solid var(--line)}
.c th,.c td{text-align:left;vertical-align:top;padding:.3rem .9rem;font-weight:400;overflow-wrap:anywhere;unicode-bidi:isolate}
.c td.b,.c td.a{white-space:pre-wrap}.c td.set{white-space:normal}
.c thead th{font-family:system-ui,sans-serif;color:var(--dim);font-size:.92em;padding-block:.35rem .1rem}
.c th:first-child{width:26%;padding-left:4.85rem;color:var(--dim)}
.c tbody tr+tr{border-top:1px solid color-mix(in srgb,var(--line) 60%,transparent)}
.b{background:var(--red-soft)}.a{background:var(--green-soft)}
.c td.b,.c td.a{border-left:1px solid var(--line)}
td.b:not(.set)::before,.set.b>div::before,.text .b::before{content:"\\2212\\a0\\a0";color:var(--red)}
td.a:not(.set)::before,.set.a>div::before,.text .a::before{content:"+\\a0\\a0";color:var(--green)}
.c td.text{padding:0}
.set>div,.text span{white-space:pre-wrap}
.text>div{display:grid;grid-template-columns:1fr 1fr}
.text span{padding:0 .9rem;min-height:1.5em;min-width:0;border-left:1px solid var(--line)}
.text>.kept{color:var(--dim)}
.text>.kept>span::before{content:"\\a0\\a0\\a0"}
.text>.same{display:block;color:var(--dim);padding:.1rem .9rem;border-left:1px solid var(--line);background:var(--ground);font-family:system-ui,sans-serif}
.c dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem;margin:0;padding:.5rem .9rem .7rem 4.85rem;border-top:1px solid var(--line)}
.c dt{color:var(--dim);font-family:system-ui,sans-serif}.c dd{margin:0;overflow-wrap:anywhere;white-space:pre-wrap}
.facts{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1.25rem;margin:.5rem 0;font-size:.9rem}
.facts dt{color:var(--dim)}.facts dd{margin:0;overflow-wrap:anywhere}
@media (max-width:44rem){
main{padding:1.25rem .9rem 3rem}h1{font-size:1.3rem}
.tiles{display:grid;grid-template-columns:repeat(3,1fr);gap:.4rem}.tiles li{min-width:0;padding:.4rem .6rem;font-size:.8rem}.tiles b{font-size:1.15rem}
.c>summary{flex-wrap:wrap;padding:.5rem .7rem}.c>summary>code{flex:1;min-width:0}.c .o{flex-basis:100%;margin-left:3.95rem;text-align:left}
.c thead{display:none}.c table,.c tbody,.c tr,.c th,.c td{display:block;width:auto}
.c th:first-child{width:auto;padding:.35rem .7rem .1rem}
.c th,.c td,.text span{padding-inline:.7rem}
.c td.b,.c td.a,.text span,.text>.same{border-left:0}
.text>div{grid-template-columns:1fr}.text span:not([class]):empty,.text>.kept>span+span{display:none}
.c>p,.c dl{padding-left:.7rem}.facts,.c dl{grid-template-columns:1fr;gap:0}.facts dd,.c dd{margin-bottom:.4rem}
.tools{position:static}.tools input,.tools select{flex:1 1 100%}}
@media print{:root{color-scheme:light;--ground:#fff;--sheet:#fff;--ink:#000;--dim:#444;--line:#bbb;--red:#8c1d18;--green:#0f5132;--amber:#6b4300;--red-soft:#fff;--green-soft:#fff;--amber-soft:#fff}
body{font-size:10pt}main{max-width:none;padding:0}.tools{display:none}.many .c{content-visibility:visible}.c>summary,tr{break-inside:avoid}h2{break-after:avoid}
details::details-content{display:block;content-visibility:visible;block-size:auto}}
`
