import { html } from './html.ts';
import { page } from './page.ts';

/** A page with one thing to do about one's own Slack account. */
export function slackPage(title: string, message: string, button: { does: string; label: string }): string {
  return page(
    title,
    html`<header><span>Signalbox</span></header><h1>${title}</h1>
<form method="post" action="/auth/slack"><p>${message}</p><div class="buttons"><button class="go" name="do" value="${button.does}">${button.label}</button></div></form>`,
  );
}
