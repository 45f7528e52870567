import { html, nothing } from 'lit-html';
import type { Run } from '#core/runs/run.ts';
import { money } from '../format.ts';

/** What a lead may wish of whoever works on a run; it is heard before the next question to the model. */
export type Wish = 'message' | 'pause' | 'resume' | 'stop';

/** How far the agent is, and how a lead speaks with it; nothing once nobody works. */
export function steering(
  run: Run | undefined,
  mayLead: boolean,
  onWish: (wish: Wish, text?: string) => void,
) {
  if (run?.status !== 'running' || run.stage !== 'implementation') return nothing;
  return html`<section class="card" aria-label="The agent at work">
    <h2>The agent at work</h2>
    <p>${where(run)}</p>
    ${run.control ? html`<p class="quiet">${run.control.by} wishes: ${run.control.wish}</p>` : nothing}
    ${mayLead ? controls(run, onWish) : nothing}
  </section>`;
}

function where({ step, tests, spentNanoUsd, budgetNanoUsd }: Run): string {
  const left = `${money(Math.max(0, budgetNanoUsd - spentNanoUsd))} of ${money(budgetNanoUsd)} left`;
  return [step === undefined ? 'Begins' : `Step ${step}`, left, tests ?? 'not verified yet'].join(', ');
}

function controls({ control }: Run, onWish: (wish: Wish, text?: string) => void) {
  const send = (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const text = String(new FormData(form).get('text') ?? '').trim();
    if (text) onWish('message', text);
    form.reset();
  };
  const isPaused = control?.wish === 'pause';
  return html`<form class="say" @submit=${send}>
      <label>Tell it something <input name="text" maxlength="2000" autocomplete="off" /></label>
      <button class="plain">Send</button>
    </form>
    <p>
      <button class="plain" @click=${() => onWish(isPaused ? 'resume' : 'pause')}>${isPaused ? 'Go on' : 'Pause'}</button>
      <button class="plain" @click=${() => onWish('stop')}>Stop, and keep what there is</button>
    </p>`;
}
