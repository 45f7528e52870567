import { html } from 'lit-html';
import type { Run } from '#core/runs/run.ts';
import { words } from '../format.ts';

const TONE: Record<string, string> = {
  merged: 'good',
  answered: 'good',
  in_review: 'good',
  awaiting_approval: 'warn',
  escalated: 'warn',
  declined: 'warn',
  failed: 'bad',
  closed: '',
  cancelled: '',
};

/** A ticket's status in a word, coloured by whether somebody has to act. */
export function pill(status: string) {
  return html`<span class="pill ${TONE[status] ?? 'live'}">${words(status)}</span>`;
}

const STAGES = ['triage', 'diagnosis', 'approval', 'implementation', 'verification', 'review'] as const;

/** The stages of a run as a line of steps: done, now, to come. */
export function track(run: Run) {
  const at = run.stage === 'done' ? STAGES.length : STAGES.indexOf(run.stage);
  const state = (index: number) => (index < at ? 'done' : index === at ? 'now' : '');
  return html`<ol class="track" aria-label="Stages">
    ${STAGES.map((name, index) => html`<li class=${state(index)} aria-current=${index === at ? 'step' : 'false'}>${name}</li>`)}
  </ol>`;
}
