import { html, type Markup, page, timeOf } from '../mailbox/page.ts';
import type { ExecutionView } from './execution.ts';
import { graph } from './graph.ts';
import type { Row } from './views.ts';

const ISO = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;

/** Where the name in a row leads to. */
const LINKS: Record<string, (row: Row) => string | undefined> = {
  overview: ({ view }) => `/_local/${view}`,
  tables: ({ name }) => name && `/_local/tables/${encodeURIComponent(String(name))}`,
  queues: ({ name }) => name && `/_local/queues/${encodeURIComponent(String(name))}`,
  executions: ({ arn }) => arn && `/_local/executions/${encodeURIComponent(String(arn))}`,
  functions: ({ name }) => name && `/_local/functions/${name}`,
  tasks: ({ id }) => `/_local/tasks/${id}`,
  mail: ({ open }) => String(open),
} as Record<string, (row: Row) => string | undefined>;

const NAV = [
  'tables',
  'queues',
  'executions',
  'schedules',
  'events',
  'mail',
  'functions',
  'tasks',
  'buckets',
  'clock',
];

/** Any view as a page: rows as a table, an execution with its graph, a log as text, and a form for what can be done. */
export function viewPage(title: string, view: string, { data, now }: { data: unknown; now: number }): string {
  const nav = html`<nav aria-label="Views"><a href="/_local/">Local AWS</a>${NAV.map((name) =>
    name === view
      ? html`<a aria-current="page" href="/_local/${name}">${name}</a>`
      : html`<a href="/_local/${name}">${name}</a>`,
  )}</nav>`;
  const body = html`${nav}<h1>${title}</h1>${bodyOf(title, view, { data, now })}`;
  return page(title, html`<style>${STYLE}</style>${body}`);
}

function bodyOf(title: string, view: string, { data, now }: { data: unknown; now: number }): Markup {
  if (view === 'clock') return html`${facts(data as Row, now)}${clockForm()}`;
  if (isExecution(data)) return execution(data, now);
  if (!Array.isArray(data))
    return html`<pre class="log">${String((data as Row).log ?? JSON.stringify(data, null, 2))}</pre>`;
  return html`${redriveForm(title, view)}${table(data as Row[], view, now)}`;
}

function isExecution(data: unknown): data is ExecutionView {
  return typeof data === 'object' && data !== null && 'places' in data;
}

function execution(view: ExecutionView, now: number): Markup {
  const { places, edges, start, history, waits, input, output, ...rest } = view;
  return html`${facts(rest, now)}${graph(view)}
${waits.length > 0 ? html`<h2>Waits for</h2>${table(waits, '', now)}` : html``}
<h2>Input</h2><pre class="log">${JSON.stringify(input, null, 2)}</pre>
<h2>Output</h2><pre class="log">${JSON.stringify(output, null, 2)}</pre>
<h2>History</h2>${table(history, '', now)}`;
}

function facts(row: Row, now: number): Markup {
  return html`<dl>${Object.entries(row)
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => html`<dt>${name}</dt><dd>${cell(value, now)}</dd>`)}</dl>`;
}

function table(rows: Row[], view: string, now: number): Markup {
  if (rows.length === 0) return html`<p class="quiet">Nothing here.</p>`;
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return html`<div class="wide"><table><thead><tr>${names.map((name) => html`<th>${name}</th>`)}</tr></thead><tbody>${rows.map(
    (row) =>
      html`<tr>${names.map((name, at) => html`<td>${at === 0 ? linked(row, name, { view, now }) : cell(row[name], now)}</td>`)}${action(row, view)}</tr>`,
  )}</tbody></table></div>`;
}

function linked(row: Row, name: string, { view, now }: { view: string; now: number }): Markup {
  const href = LINKS[view]?.(row);
  return href ? html`<a href="${href}">${cell(row[name], now)}</a>` : cell(row[name], now);
}

function cell(value: unknown, now: number): Markup {
  if (value === null || value === undefined) return html``;
  if (typeof value === 'string' && ISO.test(value)) return timeOf(Date.parse(value), now);
  if (typeof value !== 'object') return html`${String(value)}`;
  const text = JSON.stringify(value, null, 1);
  return text.length < 80
    ? html`${text}`
    : html`<details><summary>${text.slice(0, 60)}…</summary><pre class="log">${text}</pre></details>`;
}

function action(row: Row, view: string): Markup {
  if (view !== 'schedules') return html``;
  return html`<td><form method="post" action="/_local/schedules/${String(row.service)}:${encodeURIComponent(String(row.name))}/run"><button>Run now</button></form></td>`;
}

function redriveForm(title: string, view: string): Markup {
  if (view !== 'queues' || title === 'queues') return html``;
  return html`<form method="post" action="/_local/queues/${encodeURIComponent(title)}/redrive"><button>Send dead letters back to where they came from</button></form>`;
}

function clockForm(): Markup {
  return html`<form method="post" action="/_local/clock/forward"><label>Forward by <input name="by" value="1h" size="6"></label> <button>Go</button></form>
<p class="quiet">Timers, schedules, message visibility and expiry of items follow this clock; functions and containers see the machine's own. It never goes back, and is kept over a restart.</p>`;
}

const STYLE: Markup = {
  markup: `
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th { text-align: left; color: var(--quiet); font-weight: 600; } th, td { padding: .35rem .6rem .35rem 0; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
main { max-width: 76rem; } h2 { font-size: 1.05rem; margin: 1.2rem 0 .3rem; } .log { font: .8rem/1.45 ui-monospace, monospace; max-height: 28rem; overflow: auto; padding: .6rem; }
button, input { font: inherit; padding: .25rem .7rem; border: 1px solid var(--line); border-radius: .4rem; background: transparent; color: inherit; } button { cursor: pointer; }
.graph { width: 100%; height: auto; margin: 1rem 0; } .graph rect { fill: light-dark(#f4f5f7, #22252b); stroke: var(--line); stroke-width: 1.5; }
.graph text { font-size: 12px; fill: currentColor; } .graph .small { font-size: 10px; fill: var(--quiet); }
.graph .done rect { stroke: #2e7d4f; fill: light-dark(#e6f4ea, #1c3325); } .graph .failed rect { stroke: #c0392b; fill: light-dark(#fdecea, #3a1f1d); }
.graph .now rect { stroke: var(--accent); stroke-width: 3; fill: light-dark(#e3edfd, #1b2b45); } .graph .untouched text { fill: var(--quiet); }
.graph path { fill: none; } .graph path.open { stroke: var(--line); stroke-width: 1.25; } .graph path.taken { stroke: light-dark(#2e7d4f, #6fbf8b); stroke-width: 2.5; } .graph path.catch { stroke: #c0392b; stroke-dasharray: 5 4; }
.graph marker path { fill: context-stroke; }`,
};
