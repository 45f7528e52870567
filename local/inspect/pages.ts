import { html, type Markup, page, timeOf } from '../mailbox/page.ts';
import type { ExecutionView } from './execution.ts';
import { graph } from './graph.ts';
import type { Asked, Row } from './inside.ts';
import { STYLE } from './style.ts';
import { views } from './views.ts';

const ISO = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;

interface Context extends Asked {
  view: string;
  now: number;
}

/** Where the first cell of a row leads to. */
const LINKS: Record<string, (first: string, row: Row) => string> = {
  '': (view) => view,
  tables: (name) => `tables/${encodeURIComponent(name)}`,
  'tables/': (key) => `?key=${encodeURIComponent(key)}`,
  queues: (name) => `queues/${encodeURIComponent(name)}`,
  executions: (_, { arn }) => `executions/${encodeURIComponent(String(arn))}`,
  functions: (name) => `functions/${encodeURIComponent(name)}`,
  tasks: (id) => `tasks/${encodeURIComponent(id)}`,
  buckets: (name) => `buckets/${encodeURIComponent(name)}`,
  'buckets/': (key) => `?key=${encodeURIComponent(key)}`,
  mail: (_, { open }) => String(open),
};

/** Any view as a page: rows as a table, an execution with its graph, a log as text, and a form for what can be done. */
export function viewPage(
  asked: Asked & { view: string },
  { data, now }: { data: unknown; now: number },
): string {
  const title = asked.key || asked.name.split(':').at(-1) || asked.view || 'Local AWS';
  const body = html`<h1>${title}</h1>${form(asked)}${bodyOf(data, { ...asked, now })}`;
  return framed(title, asked.view, body);
}

/** What went wrong, with the way to the other pages. */
export function problemPage(message: string): string {
  return framed('Not so', '', html`<h1>Not so</h1><p>${message}</p>`);
}

function framed(title: string, view: string, body: Markup): string {
  const nav = html`<nav aria-label="Views"><a href="/_local/">Local AWS</a>${Object.keys(views).map((name) =>
    name === view
      ? html`<a aria-current="page" href="/_local/${name}">${name}</a>`
      : html`<a href="/_local/${name}">${name}</a>`,
  )}</nav>`;
  return page(title, html`<style>${STYLE}</style>${nav}${body}`);
}

function bodyOf(data: unknown, context: Context): Markup {
  if (Array.isArray(data)) return rows(data as Row[], context);
  if (typeof data === 'object' && data !== null && 'places' in data)
    return execution(data as ExecutionView, context);
  const { log, ...about } = data as Row;
  return html`${facts(about, context.now)}${log === undefined ? html`` : html`<pre class="log">${String(log)}</pre>`}`;
}

function rows(data: Row[], context: Context): Markup {
  if (context.view === 'tables' && context.key)
    return html`${data.map((item) => html`<pre class="log">${JSON.stringify(item, null, 2)}</pre>`)}`;
  const isCut = context.view !== '' && data.length === context.limit;
  const more = html`<p class="quiet">The first ${context.limit}; <a href="?limit=9999">show all</a>.</p>`;
  return html`${table(data, context)}${isCut ? more : html``}`;
}

function execution(view: ExecutionView, context: Context): Markup {
  const { places, edges, start, history, waits, input, output, ...rest } = view;
  const plain = { ...context, view: 'execution' };
  return html`${facts(rest, context.now)}<div class="wide">${graph(view)}</div>
${waits.length > 0 ? html`<h2>Waits for</h2>${table(waits, plain)}` : html``}
<h2>Input</h2><pre class="log">${JSON.stringify(input, null, 2)}</pre>
<h2>Output</h2><pre class="log">${JSON.stringify(output, null, 2)}</pre>
<h2>History</h2>${table(history, plain)}`;
}

function facts(row: Row, now: number): Markup {
  const there = Object.entries(row).filter(([, value]) => value !== null && value !== undefined);
  return html`<dl>${there.map(([name, value]) => html`<dt>${name}</dt><dd>${cell(value, now)}</dd>`)}</dl>`;
}

function table(rows: Row[], context: Context): Markup {
  if (rows.length === 0) return html`<p class="quiet">Nothing here.</p>`;
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const head = names.map((name) => html`<th>${name}</th>`);
  const body = rows.map(
    (row) =>
      html`<tr>${names.map((name, at) => html`<td>${at === 0 ? linked(row, name, context) : cell(row[name], context.now)}</td>`)}${runForm(row, context)}</tr>`,
  );
  return html`<div class="wide"><table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`;
}

function linked(row: Row, name: string, { view, name: inner, now }: Context): Markup {
  const path = LINKS[inner ? `${view}/` : view]?.(String(row[name]), row);
  if (!path) return cell(row[name], now);
  const href = /^(\?|http)/.test(path) ? path : `/_local/${path}`;
  return html`<a href="${href}">${cell(row[name], now)}</a>`;
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

function runForm({ name }: Row, { view }: Context): Markup {
  if (view !== 'schedules') return html``;
  return html`<td><form method="post" action="/_local/schedules/${encodeURIComponent(String(name))}/run"><button>Run now</button></form></td>`;
}

/** What can be asked or done at a view. */
function form({ view, name, key, machine, status }: Asked & { view: string }): Markup {
  if (view === 'tables' && name)
    return html`<form><label>Partition key <input name="key" value="${key}"></label> <button>Look up</button></form>`;
  if (view === 'executions' && !name)
    return html`<form><label>Machine <input name="machine" value="${machine}"></label> <label>Status <input name="status" value="${status}" size="10"></label> <button>Show</button></form>`;
  if (view === 'queues' && name)
    return html`<form method="post" action="/_local/queues/${encodeURIComponent(name)}/redrive"><button>Send dead letters back to where they came from</button></form>`;
  if (view === 'clock')
    return html`<form method="post" action="/_local/clock/forward"><label>Forward by <input name="by" value="1h" size="6"></label> <button>Go</button></form>
<p class="quiet">Timers, schedules, message visibility and expiry of items follow this clock; functions and containers see the machine's own. It never goes back, and is kept over a restart.</p>`;
  return html``;
}
