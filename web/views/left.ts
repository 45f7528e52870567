import { html, nothing } from 'lit-html';
import type { Run } from '#core/runs/run.ts';

/** What a lead may take away of a run. */
export type Saved = 'patch' | 'journal';

/** What a run has left behind: the report of one that ended before it was done, and its files for a lead. */
export function left(run: Run | undefined, mayLead: boolean, onSave: (what: Saved) => void) {
  if (!run || (!run.partial && !(mayLead && run.journal))) return nothing;
  const { partial } = run;
  return html`<section class="card" aria-label="What the agent left">
    <h2>${partial ? `Unfinished, ${partial.isVerified ? 'verified' : 'not verified'}` : 'The agent’s files'}</h2>
    ${partial ? html`<pre>${partial.report}</pre>` : nothing} ${mayLead ? files(run, onSave) : nothing}
  </section>`;
}

function files({ partial, patchKey, journal }: Run, onSave: (what: Saved) => void) {
  const button = (what: Saved) =>
    html`<button class="plain" @click=${() => onSave(what)}>Download the ${what}</button>`;
  return html`<p>${partial || patchKey ? button('patch') : nothing} ${journal ? button('journal') : nothing}</p>`;
}
