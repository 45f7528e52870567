import type { Notice } from '#core/notice.ts';
import { type Html, html } from '../html/html.ts';

/** What is made at the moment of sending, in words for the mail's body. */
export type Extra = { code: string; until: string; label?: string; url?: string } | undefined;

export interface Mail {
  subject: string;
  text: string;
  html: string;
}

/** A notice as a mail: the same words as text and as HTML that needs no pictures, no styles from elsewhere and no script. */
export function render(notice: Notice, extra: Extra): Mail {
  return {
    subject: notice.subject.replace(/\p{Cc}/gu, ' '),
    text: asText(notice, extra),
    html: asHtml(notice, extra).toString(),
  };
}

function asText({ paragraphs, facts, unverified, link }: Notice, extra: Extra): string {
  const action = buttonOf(extra) ?? link;
  return [
    ...paragraphs,
    ...(extra ? [`Code: ${grouped(extra.code)}\nGood until ${extra.until}`] : []),
    ...(facts.length > 0 ? [facts.map(({ name, value }) => `${name}: ${value}`).join('\n')] : []),
    ...(unverified ? [`The agent says (not verified):\n${indent(unverified)}`] : []),
    ...(action ? [`${action.label}:\n${action.url}`] : []),
    '-- \nSignalbox',
  ].join('\n\n');
}

function asHtml({ subject, paragraphs, facts, unverified, link }: Notice, extra: Extra): Html {
  const action = buttonOf(extra) ?? link;
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><title>${subject}</title></head>
<body style="margin:0;padding:24px 12px;font:16px/1.5 system-ui,-apple-system,Segoe UI,Roboto,sans-serif">
<div style="max-width:36rem;margin:0 auto">
${paragraphs.map((text) => html`<p style="margin:0 0 16px">${text}</p>`)}
${extra ? html`<p style="margin:0 0 4px;font:600 28px/1.2 ui-monospace,Menlo,Consolas,monospace;letter-spacing:2px">${grouped(extra.code)}</p><p style="margin:0 0 16px">Good until ${extra.until}</p>` : ''}
${action ? html`<p style="margin:24px 0"><a href="${action.url}" style="display:inline-block;padding:12px 20px;border-radius:8px;background:#1f5fbf;color:#ffffff;text-decoration:none;font-weight:600">${action.label}</a></p>` : ''}
${facts.length > 0 ? html`<table style="border-collapse:collapse;width:100%;margin:0 0 16px">${facts.map(row)}</table>` : ''}
${unverified ? html`<div style="border-left:4px solid #b7791f;padding:8px 12px;margin:0 0 16px"><p style="margin:0 0 4px;font-weight:600">The agent says (not verified)</p><p style="margin:0;white-space:pre-wrap">${unverified}</p></div>` : ''}
<p style="margin:24px 0 0;font-size:13px;opacity:.7">Signalbox</p>
</div></body></html>`;
}

function row({ name, value }: { name: string; value: string }): Html {
  return html`<tr><th style="text-align:left;vertical-align:top;padding:4px 16px 4px 0;font-weight:600;white-space:nowrap">${name}</th><td style="padding:4px 0;overflow-wrap:anywhere">${value}</td></tr>`;
}

function buttonOf(extra: Extra): { label: string; url: string } | undefined {
  return extra?.label && extra.url ? { label: extra.label, url: extra.url } : undefined;
}

/** `7K2QF4MX` as `7K2Q-F4MX`, which is easier to carry from one window to another. */
function grouped(code: string): string {
  return `${code.slice(0, 4)}-${code.slice(4)}`;
}

function indent(text: string): string {
  return text.replace(/^/gm, '  ');
}
