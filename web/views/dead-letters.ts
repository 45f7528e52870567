import { html, nothing } from 'lit-html';
import type { DeadLetterView } from '#core/dead-letters.ts';
import { absolute, relative } from '../format.ts';

export interface DeadLetterPage {
  deadLetters: DeadLetterView[];
  cursor?: string;
}

interface Acts {
  /** The one that is open, with its message. */
  open: DeadLetterView | undefined;
  onOpen(id: string): void;
  /** All that are dead, without an id. */
  onReplay(id?: string): void;
}

/** What failed each time that it was tried, why, and sending it again. */
export function deadLettersView({ deadLetters, cursor }: DeadLetterPage, acts: Acts) {
  const isDead = deadLetters.some(({ status }) => status === 'dead');
  return html`<h1>Dead letters</h1>
    <section class="card" aria-label="Dead letters">
      <p class="quiet">What failed each time that it was tried. Replaying is safe twice: a message that comes again is done once.</p>
      ${isDead ? html`<button @click=${() => acts.onReplay()}>Replay all</button>` : nothing}
      ${deadLetters.length === 0 ? html`<p>None: everything that came could be done.</p>` : nothing}
      <ul class="rows">${deadLetters.map((one) => row(one, acts))}</ul>
      ${cursor ? html`<p class="quiet">There are older ones: <code>signalbox dead-letters list</code></p>` : nothing}
    </section>`;
}

function row(
  { id, queue, status, attempts, diedAt, reason }: DeadLetterView,
  { open, onOpen, onReplay }: Acts,
) {
  const isOpen = open?.id === id;
  return html`<li>
    <span class="title">${queue}</span>
    <span><span class="pill ${status === 'dead' ? 'bad' : 'good'}">${status}</span></span>
    <span class="quiet">${reason?.message ?? 'not known why'} (${attempts} attempts)</span>
    <span class="quiet" title=${absolute(diedAt)}>${relative(diedAt)}</span>
    <span>
      <button class="plain" aria-expanded=${isOpen} @click=${() => onOpen(id)}>${isOpen ? 'Close' : 'Show'}</button>
      ${status === 'dead' ? html`<button class="plain" @click=${() => onReplay(id)}>Replay</button>` : nothing}
    </span>
    ${isOpen ? html`<pre>${open.body}</pre>` : nothing}
  </li>`;
}
