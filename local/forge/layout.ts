import { type Html, html, trusted } from './html.ts';

const STYLE = `
:root { color-scheme: light dark; --line: #d5d9de; --soft: #f3f5f7; --quiet: #5d6873; --link: #0b5cad;
  --add: #e2f5e6; --del: #fde8e8; --open: #1a7f37; --merged: #7a3fc2; --closed: #c0352b; }
@media (prefers-color-scheme: dark) { :root { --line: #3a4149; --soft: #20252b; --quiet: #9aa5b1; --link: #6cb2ff;
  --add: #12351d; --del: #45191b; --open: #3fb950; --merged: #b083f0; --closed: #f4726a; } }
* { box-sizing: border-box }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; overflow-wrap: break-word }
a { color: var(--link); text-decoration: none } a:hover { text-decoration: underline }
nav, .quiet { color: var(--quiet); font-size: .9rem } h1 { font-size: 1.5rem; margin: .5rem 0 }
h2 { font-size: 1.1rem; margin: 1.5rem 0 .5rem } ul.plain { list-style: none; padding: 0; margin: 0 }
ul.plain > li { padding: .5rem 0; border-bottom: 1px solid var(--line) }
code, pre { font: .85rem/1.45 ui-monospace, monospace } pre { overflow-x: auto; margin: 0; padding: .5rem }
.card { border: 1px solid var(--line); border-radius: .5rem; margin: 1rem 0; overflow: hidden }
.card > header, .card > summary { background: var(--soft); padding: .4rem .8rem; border-bottom: 1px solid var(--line) }
.card > .body { padding: 0 .8rem } .card > .body pre { background: var(--soft); border-radius: .3rem }
.state { color: #fff; border-radius: 1rem; padding: .1rem .7rem; font-size: .85rem; background: var(--open) }
.state.merged { background: var(--merged) } .state.closed { background: var(--closed) }
.diff span { display: block; min-height: 1.45em } .diff .add { background: var(--add) } .diff .del { background: var(--del) }
.diff .at { color: var(--quiet) } .plus { color: var(--open) } .minus { color: var(--closed) }
.actions { display: flex; gap: .5rem; flex-wrap: wrap; align-items: center }
button { font: inherit; padding: .4rem 1rem; border-radius: .4rem; border: 1px solid var(--line); background: var(--soft); color: inherit; cursor: pointer }
button.go { background: var(--open); border-color: var(--open); color: #fff }
textarea { width: 100%; font: inherit; min-height: 5rem; padding: .5rem } table { border-collapse: collapse; display: block; overflow-x: auto }
td, th { border: 1px solid var(--line); padding: .25rem .6rem; text-align: left }`;

interface Page {
  title: string;
  /** From the outermost to the innermost: what it is called and where it is. */
  trail: readonly (readonly [name: string, href: string])[];
  content: Html;
}

/** A whole page: no script, no outside resource, readable on a phone, light or dark as the reader has it. */
export function page({ title, trail, content }: Page): string {
  const crumbs = [['Repositories', '/'] as const, ...trail].map(
    ([name, href], index) => html`${index > 0 && ' / '}<a href="${href}">${name}</a>`,
  );
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title><style>${trusted(STYLE)}</style></head>
<body><nav>${crumbs}</nav><main>${content}</main></body></html>`.html;
}

/** What a browser may do with a page: nothing but show it, and send its forms back here. */
export const SECURITY = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
};
