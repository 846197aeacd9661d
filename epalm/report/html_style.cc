#include "epalm/report/html_style.h"

namespace epalm::report {

// Series colours keep apart for colour-blind readers: the model blue, what it is measured against gray, amber and
// green.
const std::string_view kStyle = R"css(
:root { color-scheme: light dark; --ink: #18202c; --soft: #596578; --line: #dce1e9; --page: #f5f7fa; --card: #fff;
  --good: #0b7a4b; --bad: #b3261e;
  --s0: #2563eb; --s1: #8c97a8; --s2: #d9820a; --s3: #0e9f6e; --s4: #a442c8; --s5: #c4314b; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ecf2; --soft: #a2adbd; --line: #333c4a; --page: #12161c;
  --card: #1b212a; --good: #4cc38a; --bad: #ff8a80;
  --s0: #6ea2ff; --s1: #8793a6; --s2: #f2b04c; --s3: #46c795; --s4: #cf8bea; --s5: #f0788e; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); line-height: 1.5;
  font-family: system-ui, -apple-system, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif; }
main { max-width: 68rem; margin: 0 auto; padding: 2.5rem 1.25rem 3rem; }
header { margin-bottom: 1.75rem; }
h1 { font-size: 2.1rem; line-height: 1.15; margin: 0; letter-spacing: -.015em; }
h2 { font-size: 1.35rem; margin: 0 0 .75rem; }
h2::first-letter { text-transform: uppercase; }
h3 { font-size: 1rem; margin: 1.75rem 0 .75rem; }
.subtitle { font-size: 1.1rem; color: var(--soft); margin: .4rem 0 1.2rem; }
.origin { color: var(--soft); font-size: .85rem; margin: 0; display: grid; grid-template-columns: max-content 1fr;
  gap: .1rem .9rem; }
.origin dd { margin: 0; overflow-wrap: anywhere; }
code { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: .92em; }
a { color: inherit; text-decoration-color: var(--s1); text-underline-offset: .2em; }
a:hover { color: var(--s0); } :focus-visible { outline: .15rem solid var(--s0); outline-offset: .15rem; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(17rem, 100%), 1fr)); gap: 1rem; margin: 1.75rem 0; }
.card, .task, .notes { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; }
.card { padding: 1.1rem 1.3rem; border-top: .25rem solid var(--s0); }
.card h2 { margin: 0; }
.headline { margin-top: .8rem; }
.headline .name { color: var(--soft); font-size: .9rem; }
.headline .value { font-size: 2.2rem; font-weight: 650; line-height: 1.2; font-variant-numeric: tabular-nums; }
.headline .value small { font-size: 1.1rem; font-weight: 400; color: var(--soft); }
.headline .beside { font-size: .9rem; color: var(--soft); }
.headline .beside b { color: var(--ink); }
.task, .notes { padding: 1.5rem 1.6rem; margin: 0 0 1.5rem; }
.facts { display: flex; flex-wrap: wrap; gap: .4rem 2.2rem; margin: 0; }
.facts div { display: flex; flex-direction: column-reverse; }
.facts dt { color: var(--soft); font-size: .8rem; }
.facts dd { margin: 0; font-size: 1.15rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--soft); font-size: .85rem; padding-bottom: .4rem; }
th, td { padding: .4rem .75rem; text-align: right; border-bottom: 1px solid var(--line); }
th:first-child { text-align: left; padding-left: 0; }
thead th { color: var(--soft); font-weight: 500; font-size: .85rem; vertical-align: bottom; }
tbody th { font-weight: 500; }
td { white-space: nowrap; } td.words { white-space: normal; }
td.value { font-weight: 650; }
th.words, td.words { text-align: left; }
td.mark { font-weight: 600; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(26rem, 100%), 1fr)); gap: 1.5rem; }
figure { margin: 0; }
.chart { margin-top: 1.5rem; break-inside: avoid; }
.charts .chart { margin-top: 0; }
.bars { overflow-x: auto; } .bars svg { min-width: 38rem; }
.chart figcaption { font-weight: 600; font-size: .95rem; margin-bottom: .4rem; }
svg { display: block; width: 100%; height: auto; }
svg text { font-size: 12px; fill: var(--soft); }
svg .label { fill: var(--ink); font-size: 13px; }
.grid { stroke: var(--line); } .axis { stroke: var(--soft); }
.curve { fill: none; stroke: currentColor; stroke-width: 2.25; stroke-linejoin: round; stroke-linecap: round; }
circle, rect, .wave { fill: currentColor; }
.s0 { color: var(--s0); } .s1 { color: var(--s1); } .s2 { color: var(--s2); }
.s3 { color: var(--s3); } .s4 { color: var(--s4); } .s5 { color: var(--s5); }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: .2rem 1.3rem; margin: .5rem 0 0; padding: 0;
  font-size: .85rem; color: var(--soft); }
.legend b { color: var(--ink); font-weight: 600; }
.key { display: inline-block; width: .8rem; height: .8rem; border-radius: .2rem; background: currentColor;
  margin-right: .4rem; vertical-align: -.08rem; }
.task > details { margin-top: 1.75rem; } summary { cursor: pointer; } .task > details > summary { font-weight: 700; }
.exhibits { display: grid; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); gap: 1.1rem; margin-top: .75rem; }

.exhibit { border: 1px solid var(--line); border-radius: .5rem; overflow: hidden; break-inside: avoid; }
.exhibit img { display: block; width: 100%; aspect-ratio: 1; object-fit: contain; image-rendering: pixelated;
  background: var(--page); }
.strip { display: grid; grid-template-columns: repeat(4, 1fr); gap: 2px; background: var(--page); }
.strip small { display: block; text-align: center; font-size: .68rem; line-height: 1.5; color: var(--soft);
  font-variant-numeric: tabular-nums; }
.sound { padding: .3rem .3rem 0; }
audio { display: block; width: calc(100% - 1rem); height: 2.4rem; margin: .3rem .5rem 0; }
.exhibit figcaption { padding: .6rem .75rem .7rem; font-size: .88rem; line-height: 1.4; overflow-wrap: anywhere; }
.exhibit p { margin: 0; }
.question { color: var(--soft); }
.answer { font-weight: 600; }
.right .mark { color: var(--good); } .wrong .mark { color: var(--bad); }
.expected { color: var(--soft); font-size: .8rem; }
.expected ul { margin: .2rem 0 0; padding-left: 1.1rem; }
.notes ul { margin: 0; padding-left: 1.2rem; }
.exhibits.wide { grid-template-columns: repeat(auto-fill, minmax(min(18.5rem, 100%), 1fr)); }
@media (max-width: 36rem) { main { padding: 1.5rem .75rem 2rem; } h1 { font-size: 1.7rem; } .task, .notes { padding: 1.1rem 1rem; }
  table { font-size: .85rem; } th, td { padding: .35rem .4rem; } thead th, caption { font-size: .78rem; }
  .exhibits { grid-template-columns: repeat(2, 1fr); gap: .7rem; } .exhibits.wide { grid-template-columns: 1fr; } }
@media print { :root { --page: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #bbb; --good: #0b7a4b; --bad: #b3261e;
  --s0: #2563eb; --s1: #8c97a8; --s2: #d9820a; --s3: #0e9f6e; --s4: #a442c8; --s5: #c4314b; }
  body { font-size: 10pt; print-color-adjust: exact; -webkit-print-color-adjust: exact; } main { max-width: none; padding: 0; } .bars svg { min-width: 0; }
  .task { border: 0; padding: 0; } .exhibits { grid-template-columns: repeat(5, 1fr); gap: .6rem; }
  .exhibits.wide { grid-template-columns: repeat(3, 1fr); } audio { display: none; } }
)css";

}  // namespace epalm::report
