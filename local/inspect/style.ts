import type { Markup } from '../mailbox/page.ts';

/** The look of the inspection's pages, beside that of the mailbox. */
export const STYLE: Markup = {
  markup: `
main { max-width: 76rem; } h2 { font-size: 1.05rem; margin: 1.2rem 0 .3rem; } form { margin: .5rem 0; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th { text-align: left; color: var(--quiet); font-weight: 600; } th, td { padding: .35rem .9rem .35rem 0; border-bottom: 1px solid var(--line); vertical-align: top; max-width: 28rem; overflow-wrap: break-word; }
td form { margin: 0; } td time, td button { white-space: nowrap; } a:has(time) time { color: inherit; }
.log { font: .8rem/1.45 ui-monospace, monospace; max-height: 28rem; overflow: auto; padding: .6rem; } td .log { width: 26rem; max-width: 80vw; }
button, input { font: inherit; padding: .25rem .7rem; border: 1px solid var(--line); border-radius: .4rem; background: transparent; color: inherit; max-width: 100%; box-sizing: border-box; } button { cursor: pointer; }
.graph { height: auto; margin: 1rem 0; } .graph rect { fill: light-dark(#f4f5f7, #22252b); stroke: var(--line); stroke-width: 1.5; }
.graph text { font-size: 13px; fill: currentColor; } .graph .small { font-size: 11px; fill: var(--quiet); }
.graph .done rect { stroke: #2e7d4f; fill: light-dark(#e6f4ea, #1c3325); } .graph .failed rect { stroke: #c0392b; fill: light-dark(#fdecea, #3a1f1d); }
.graph .now rect { stroke: var(--accent); stroke-width: 3; fill: light-dark(#e3edfd, #1b2b45); } .graph .untouched text { fill: var(--quiet); }
.graph path { fill: none; stroke-width: 1.5; } .graph path.open { stroke: light-dark(#c4c8ce, #4a4f58); } .graph path.taken { stroke: light-dark(#2e7d4f, #6fbf8b); stroke-width: 2.5; } .graph path.catch { stroke: light-dark(#c0392b, #e57368); stroke-dasharray: 6 4; }
.graph marker path { fill: context-stroke; stroke: none; }`,
};
