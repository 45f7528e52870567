import { createHash } from 'node:crypto';
import { type Html, html, trusted } from './html.ts';

const SHEET = `
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--line:#d0d7de;--page:#f6f8fa;--card:#fff;--blue:#1f5fbf;--red:#b3261e;--amber:#9a6700;--amber-soft:#fff8e1;--green:#1a7f37}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9aa4af;--line:#30363d;--page:#0d1117;--card:#161b22;--blue:#4c8dff;--red:#ff7b72;--amber:#e3b341;--amber-soft:#272115;--green:#3fb950}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);overflow-wrap:anywhere;font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:46rem;margin:0 auto;padding:24px 16px 64px}
header{display:flex;justify-content:space-between;gap:16px;color:var(--soft);font-size:14px;margin-bottom:16px}
h1{font-size:26px;line-height:1.25;margin:0 0 8px;overflow-wrap:anywhere}
h2{font-size:15px;margin:28px 0 8px}
.lead{margin:0 0 20px;color:var(--soft)}
section,form{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:16px 18px;margin:0 0 16px}
section>h2:first-child,form>h2:first-child{margin-top:0}
dl{display:grid;grid-template-columns:minmax(7.5rem,auto) 1fr;gap:6px 16px;margin:0}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
pre{margin:0;white-space:pre-wrap;overflow-wrap:anywhere;font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
ol,ul{margin:0;padding-left:1.3rem}li{overflow-wrap:anywhere;margin:2px 0}
.claim{border-color:var(--amber);background:var(--amber-soft)}
.claim>h2:first-child{color:var(--amber)}
.state{font-weight:600}.approved{color:var(--green)}.declined{color:var(--red)}
label{display:block;font-weight:600;margin:0 0 4px}
textarea,input:not([type=hidden]){width:100%;min-height:48px;padding:10px;border:1px solid var(--line);border-radius:8px;background:var(--page);color:inherit;font:inherit}
textarea{min-height:5rem}input:not([type=hidden]){max-width:16rem;margin-bottom:14px;letter-spacing:.1em}
.buttons{display:flex;gap:12px;flex-wrap:wrap;margin-top:14px}
button{flex:1 1 10rem;min-height:48px;padding:10px 18px;border-radius:8px;border:1px solid var(--line);background:var(--card);color:inherit;font:inherit;font-weight:600;cursor:pointer}
button.go{background:var(--blue);border-color:var(--blue);color:#fff}
button.no{color:var(--red);border-color:var(--red)}
button:focus-visible,input:focus-visible,textarea:focus-visible,summary:focus-visible{outline:3px solid var(--blue);outline-offset:2px}
.hint{color:var(--soft);font-size:14px;margin:10px 0 0}
summary{cursor:pointer;color:var(--soft)}
@media (max-width:30rem){dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:8px}h1{font-size:22px}}
@media (prefers-color-scheme:dark){button.go{color:#0d1117}}
`;

/** A whole page: one inline sheet, no script, nothing from elsewhere. */
export function page(title: string, body: Html): string {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex"><title>${title}</title><style>${trusted(SHEET)}</style></head>
<body><main>${body}</main></body></html>`.toString();
}

/** Headers of every page and redirect around an approval: scripts can never run, frames never hold it, nobody keeps it. */
export function pageHeaders(): Record<string, string> {
  const sheet = createHash('sha256').update(SHEET).digest('base64');
  return {
    'content-security-policy': [
      "default-src 'none'",
      `style-src 'sha256-${sheet}'`,
      "form-action 'self'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
      "require-trusted-types-for 'script'",
    ].join('; '),
    'x-frame-options': 'DENY',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy':
      'accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), microphone=(), payment=(), usb=()',
    'strict-transport-security': 'max-age=63072000; includeSubDomains; preload',
    'cache-control': 'no-store',
    'x-robots-tag': 'noindex, nofollow, noarchive, nosnippet',
    vary: 'Cookie',
  };
}

/** A page that says one thing, and what to do next. */
export function messagePage(title: string, message: string): string {
  return page(
    title,
    html`<header><span>Signalbox</span></header><h1>${title}</h1><section><p>${message}</p></section>`,
  );
}
