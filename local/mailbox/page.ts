/** No script of ours or of a mail runs; a mail is shown in a frame of its own. */
export const PAGE_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data: https: http:; frame-src 'self'; form-action 'self'; base-uri 'none'";

/** Markup that is safe to embed; everything else is escaped. */
export interface Markup {
  markup: string;
}

/** Builds markup from a template; values are escaped unless they are markup themselves. */
export function html(
  strings: TemplateStringsArray,
  ...values: (string | number | Markup | Markup[])[]
): Markup {
  return { markup: strings.reduce((sum, text, at) => sum + text + embed(values[at]), '') };
}

function embed(value: string | number | Markup | Markup[] | undefined): string {
  if (value === undefined) return '';
  if (Array.isArray(value)) return value.map(embed).join('');
  return typeof value === 'object' ? value.markup : escaped(String(value));
}

/** Safe in text and in quoted attributes. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`);
}

export function page(title: string, body: Markup, head: Markup = html``): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
${head}
<style>${{ markup: STYLE }}</style>
</head>
<body><main>${body}</main></body>
</html>
`.markup;
}

/** Time as a reader wants it: how long ago, and exactly. */
export function timeOf(at: number, now: number): Markup {
  const exact = `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
  return html`<time datetime="${new Date(at).toISOString()}" title="${exact}">${ago(now - at)} · ${exact}</time>`;
}

function ago(ms: number): string {
  const steps: [number, string][] = [
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'min'],
  ];
  const [unit, name] = steps.find(([one]) => Math.abs(ms) >= one) ?? [];
  if (!unit) return 'just now';
  const count = `${Math.floor(Math.abs(ms) / unit)} ${name}`;
  return ms < 0 ? `in ${count}` : `${count} ago`;
}

const STYLE = `
:root { color-scheme: light dark; --line: #8884; --quiet: light-dark(#555, #aaa); --accent: light-dark(#0b57d0, #8ab4f8); }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; background: light-dark(#fff, #16181c); color: light-dark(#1a1a1a, #e8e8e8); }
main { max-width: 60rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.35rem; margin: .5rem 0; overflow-wrap: anywhere; }
a { color: var(--accent); }
ul { list-style: none; margin: 0; padding: 0; }
li a { display: block; padding: .7rem .25rem; border-bottom: 1px solid var(--line); color: inherit; text-decoration: none; overflow-wrap: anywhere; }
li a:hover { background: #8881; }
li strong { display: block; }
time, .quiet, dt { color: var(--quiet); font-size: .9rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem .8rem; margin: .5rem 0 1rem; }
dd { margin: 0; overflow-wrap: anywhere; }
nav { display: flex; flex-wrap: wrap; gap: .5rem 1rem; margin: .5rem 0; }
nav [aria-current] { color: inherit; font-weight: 600; text-decoration: none; }
iframe { width: 100%; height: 75vh; border: 1px solid var(--line); border-radius: .4rem; background: #fff; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; border: 1px solid var(--line); border-radius: .4rem; padding: 1rem; }
`;
