import { html, nothing } from 'lit-html';
import type { CheckedChange, CheckRecord } from '#core/taps/check.ts';
import type { DriftHistory, DriftList } from '../api.ts';
import { absolute, relative, words } from '../format.ts';
import { type Look, lookOf, timeline, wordFor } from './timeline.ts';

interface Acts {
  mayLead: boolean;
  onCheck(repository?: string): void;
  onAccept(check: CheckRecord, reason: string): void;
}

const TONE: Record<Look, string> = {
  breaking: 'bad',
  warning: 'warn',
  information: 'live',
  same: 'good',
  inconclusive: '',
};

/** Every tap with what its last check came to, the worst first. */
export function driftView({ taps }: DriftList, { mayLead, onCheck }: Acts) {
  const worst = (tap: DriftList['taps'][number]) =>
    tap.check
      ? ['breaking', 'warning', 'inconclusive', 'information', 'same'].indexOf(standing(tap.check))
      : 2;
  const inOrder = taps.toSorted((a, b) => worst(a) - worst(b) || a.repository.localeCompare(b.repository));
  return html`<h1>Drift</h1>
    <section class="card" aria-label="Taps">
      <div class="filters"><h2>Taps</h2>${mayLead && taps.length > 0 ? html`<button @click=${() => onCheck()}>Check all now</button>` : nothing}</div>
      ${taps.length === 0 ? html`<p class="quiet">No taps yet. Register one: <code>signalbox projects add</code>. Each is looked at every Monday.</p>` : nothing}
      <ul class="rows">${inOrder.map(row)}</ul>
    </section>`;
}

function row({ repository, discovery, check }: DriftList['taps'][number]) {
  return html`<li>
    <a class="title" href="/drift/${repository}">${repository}</a>
    <span>${check ? pill(check) : html`<span class="pill">never checked</span>`}</span>
    <span class="quiet">${discovery} schema${check?.ticketId ? html`, <a href="/tickets/${check.ticketId}">its ticket</a>` : nothing}${check?.reason ? `: ${check.reason.slice(0, 160)}` : nothing}</span>
    <span class="quiet" title=${check ? absolute(check.at) : ''}>${check ? relative(check.at) : ''}</span>
  </li>`;
}

type Came = Pick<CheckRecord, 'state' | 'counts' | 'accepted'>;

/** What was accepted is no drift any more. */
const standing = (check: Came) => (check.accepted ? 'same' : lookOf(check));

function pill(check: Came) {
  return html`<span class="pill ${TONE[standing(check)]}">${wordFor(check)}</span>`;
}

/** One tap's history as a picture and a table, and what its last check saw. */
export function tapDriftView(
  { repository, checks, consumers, tickets }: DriftHistory,
  { mayLead, onCheck, onAccept }: Acts,
) {
  const [last] = checks;
  return html`<p><a href="/drift">All taps</a></p>
    <h1>${repository}</h1>
    ${last?.discovery ? html`<p class="quiet">Its schema is ${last.discovery.kind}: ${last.discovery.reason}${last.discovery.at ? html` (<code>${last.discovery.at}</code>)` : nothing}</p>` : nothing}
    <section class="card" aria-label="History">
      <div class="filters"><h2>History</h2>${mayLead ? html`<button @click=${() => onCheck(repository)}>Check now</button>` : nothing}</div>
      ${checks.length === 0 ? html`<p class="quiet">Never checked. The next check is on Monday at 05:00 UTC.</p>` : timeline(checks)}
      ${checks.length === 0 ? nothing : table(checks, tickets)}
    </section>
    ${last ? changesOf(last, mayLead ? onAccept : undefined) : nothing}
    ${readersOf(consumers)}`;
}

function table(checks: CheckRecord[], tickets: DriftHistory['tickets']) {
  return html`<div class="scroll" tabindex="0" role="group" aria-label="Checks"><table>
    <thead><tr><th scope="col">When</th><th scope="col">Came to</th><th scope="col">Commit</th><th scope="col">Ticket</th></tr></thead>
    <tbody>${checks.map(
      (check) => html`<tr>
        <td><time datetime=${check.at}>${relative(check.at)}<br><span class="quiet">${absolute(check.at)}</span></time></td>
        <td>${pill(check)} ${check.reason ? html`<span class="quiet">${check.reason.slice(0, 300)}</span>` : nothing}${acceptance(check)}${check.unsure ? html`<span class="quiet">${check.unsure.length} seen once and not again</span>` : nothing}</td>
        <td class="narrow"><code>${check.commit?.slice(0, 12) ?? ''}</code></td>
        <td class="narrow">${ticketOf(check, tickets)}</td>
      </tr>`,
    )}</tbody></table></div>`;
}

function acceptance({ accepted }: CheckRecord) {
  if (!accepted) return nothing;
  const { by, at, reason } = accepted;
  return html`<span class="quiet" title=${absolute(at)}>by ${by} ${relative(at)}${reason ? `: ${reason}` : ''}</span>`;
}

/** The ticket of what a check found, where it stands now, and its pull request. */
function ticketOf({ ticketId, closed }: CheckRecord, tickets: DriftHistory['tickets']) {
  if (!ticketId) return nothing;
  const known = tickets.find(({ id }) => id === ticketId);
  return html`<a href="/tickets/${ticketId}">ticket</a>${known ? html`, ${words(known.status)}` : nothing}${known?.pullRequest ? html`, <a href=${known.pullRequest}>pull request</a>` : nothing}${closed ? html`<br><span class="quiet">closed without a merge</span>` : nothing}`;
}

function readersOf(consumers: DriftHistory['consumers']) {
  return html`<section class="card" aria-label="Readers">
    <h2>Who reads it</h2>
    ${consumers.length === 0 ? html`<p class="quiet">Nobody has said. A lead does: <code>signalbox drift readers OWNER/NAME FILE</code></p>` : nothing}
    <ul class="rows">${consumers.map(
      ({ name, reads }) =>
        html`<li><span>${name}</span><span class="wide quiet">${Object.entries(reads).map(
          ([stream, paths]) => html`<code>${stream}</code>: ${paths.join(', ')} `,
        )}</span></li>`,
    )}</ul>
  </section>`;
}

function changesOf(check: CheckRecord, onAccept?: Acts['onAccept']) {
  const { changes, unlisted, baseline, state, accepted } = check;
  if (changes.length === 0) return nothing;
  return html`<section class="card" aria-label="What differs">
    <h2>What ${accepted ? 'differed from' : 'differs from'} the baseline${baseline ? html` of commit <code>${baseline.slice(0, 12)}</code>` : nothing}</h2>
    <ul class="rows">${changes.map(changeRow)}</ul>
    ${unlisted ? html`<p class="quiet">and ${unlisted} more, in the check's file</p>` : nothing}
    ${onAccept && state === 'drift' && !accepted ? acceptanceForm(check, onAccept) : nothing}
  </section>`;
}

function acceptanceForm(check: CheckRecord, onAccept: Acts['onAccept']) {
  const submit = (event: Event) => {
    event.preventDefault();
    const said = new FormData(event.target as HTMLFormElement).get('reason');
    onAccept(check, String(said ?? '').trim());
  };
  return html`<form @submit=${submit}>
    <p>Is all of this wanted so? Then it is the baseline from now on, and its ticket is closed.</p>
    <label>Why (optional) <input name="reason" maxlength="500"></label>
    <button>Accept as the baseline</button>
  </form>`;
}

function changeRow({ rule, severity, cause, stream, path, was, is, readers, isNoise, since }: CheckedChange) {
  return html`<li>
    <span><code>${stream}${path === undefined ? '' : `.${path}`}</code></span>
    <span class="pill ${TONE[severity === 'ignored' ? 'same' : severity]}">${severity}</span>
    <span class="wide">${was} → ${is}</span>
    <span class="wide quiet">${rule.replace(':', ', ').replaceAll('_', ' ').toLowerCase()}; ${cause} drift${since ? `, in small steps since ${since.slice(0, 12)}` : ''}${isNoise ? '; probably other sample rows' : ''}${readers.length > 0 ? `; read by ${readers.join(', ')}` : ''}</span>
  </li>`;
}
