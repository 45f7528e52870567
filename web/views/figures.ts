import { html, nothing, svg } from 'lit-html';
import type { Measured, Span } from '#core/approvals/metrics.ts';
import type { Figures } from '../api.ts';
import { absolute, percent, took, words } from '../format.ts';

const DAYS = [7, 30, 90];

/** How people and policy decide, in total and for each type of action, with small pictures. */
export function figuresView({ total, types, days, since }: Figures, onDays: (days: number) => void) {
  const isCut = Date.now() - Date.parse(since) < (days - 1) * 86_400_000;
  const longest = Math.max(1, ...[total, ...types].map(({ latency }) => latency?.p90 ?? 0));
  return html`<section class="card" aria-label="Figures">
    <div class="filters">
      <h2>How it was decided</h2>
      <select aria-label="Period" @change=${(event: Event) => onDays(Number((event.target as HTMLSelectElement).value))}>
        ${DAYS.map((one) => html`<option value=${one} ?selected=${one === days}>last ${one} days</option>`)}
      </select>
    </div>
    ${isCut ? html`<p class="quiet">There is more than can be read at once: this is since ${absolute(since)}.</p>` : nothing}
    ${total.asked === 0 ? html`<p class="quiet">Nothing was asked in this time. The plan of every ticket is; agents ask with <code>POST /v1/actions/propose</code>.</p>` : nothing}
    ${total.decided > 0 ? html`<p class="quiet">Half took no longer than the first time. Overridden: declined, or changed before it was approved. Rubber stamp: approved within 3 seconds of opening it, at medium or high risk.</p>` : nothing}
    <div class="figures">
      ${types.length > 1 ? figure('All actions', total, longest) : nothing}
      ${types.map((one) => figure(one.type, one, longest))}
    </div>
  </section>`;
}

/** Only what is known is said: most actions are let through by policy, and nobody ever looks at them. */
function figure(name: string, one: Measured, longest: number) {
  const { decided, declined, modified, overrideRate, rubberStamps: stamps, latency } = one;
  const picture =
    latency &&
    bar(
      'half, and nine of ten',
      [
        ['p50', latency.p50],
        ['p90', latency.p90 - latency.p50],
      ],
      longest,
    );
  const overridden = `${percent(overrideRate)} of ${decided}: ${declined} declined, ${modified} changed`;
  return html`<article>
    <h3>${name} <span class="quiet">${one.asked} asked</span></h3>
    ${modes(one)}
    <dl>
      ${fact('Decided after', latency && html`${spanOf(latency)}${picture}`)}
      ${fact('First opened after', one.untilViewed && spanOf(one.untilViewed))}
      ${fact('Thought for', one.thought && spanOf(one.thought))}
      ${fact('Overridden', decided > 0 && html`${overridden}${share(overrideRate, 'people')}`)}
      ${fact('Rubber stamps', stamps.of > 0 && html`${percent(stamps.share)} of ${stamps.of}${share(stamps.share, 'deny')}`)}
      ${fact('Expired', one.expired > 0 && `${one.expired}, ${one.expiredUnseen} of them never opened`)}
      ${fact('Opened, not decided', one.viewedUndecided)}
      ${fact('Tries that did not count', one.rejectedAttempts)}
    </dl>
  </article>`;
}

function fact(name: string, value: unknown) {
  return value ? html`<dt>${name}</dt><dd>${value}</dd>` : nothing;
}

const MODES = [
  ['auto', 'auto'],
  ['ask', 'ask'],
  ['require_approval', 'people'],
  ['deny', 'deny'],
] as const;

function modes({ modes, asked }: Measured) {
  const told = MODES.filter(([mode]) => modes[mode] > 0).map(([mode]) => `${words(mode)} ${modes[mode]}`);
  const parts = MODES.map(([mode, look]): Part => [look, modes[mode]]);
  return html`${bar(told.join(', '), parts, asked)}<p class="quiet">${told.join(' · ')}</p>`;
}

function spanOf({ p50, p90 }: Span): string {
  return p50 === p90 ? took(p50) : `${took(p50)}, nine of ten within ${took(p90)}`;
}

function share(part: number | null, look: string) {
  return part === null ? nothing : bar(percent(part), [[look, part]], 1);
}

/** How it looks, and how much of the whole it is. */
type Part = [look: string, size: number];

function bar(label: string, parts: Part[], whole: number) {
  let from = 0;
  const drawn = parts.map(([look, size]) => {
    const x = from;
    from += (100 * size) / whole;
    return svg`<rect class=${look} x=${x} width=${from - x} height="6"></rect>`;
  });
  return html`<svg class="bar" viewBox="0 0 100 6" preserveAspectRatio="none" role="img" aria-label=${label}><rect class="ground" width="100" height="6"></rect>${drawn}</svg>`;
}
