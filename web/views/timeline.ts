import { html, svg } from 'lit-html';
import type { CheckRecord } from '#core/taps/check.ts';
import { absolute } from '../format.ts';

/** How a check looks: its worst severity, or that it saw nothing. Shape and height tell it without colour. */
export type Look = 'breaking' | 'warning' | 'information' | 'same' | 'inconclusive';

const HEIGHT: Record<Look, number> = {
  breaking: 8,
  warning: 22,
  information: 36,
  same: 50,
  inconclusive: 50,
};
const STEP = 18;
const LEFT = 78;

export function lookOf({ state, counts }: Pick<CheckRecord, 'state' | 'counts'>): Look {
  if (state === 'inconclusive' || state === 'unconfirmed') return 'inconclusive';
  if (counts.breaking > 0) return 'breaking';
  if (counts.warning > 0) return 'warning';
  return counts.information > 0 ? 'information' : 'same';
}

/** A tap's checks as a picture, the oldest on the left; the table below it says the same in words. */
export function timeline(checks: CheckRecord[]) {
  const inOrder = checks.toReversed();
  const width = LEFT + Math.max(12, inOrder.length) * STEP;
  const seen = inOrder.map(lookOf);
  const points = inOrder
    .map((_, at) => [at, seen[at] as Look] as const)
    .filter(([, look]) => look !== 'inconclusive')
    .map(([at, look]) => `${LEFT + at * STEP},${HEIGHT[look]}`);
  const told = (look: Look) => `${seen.filter((one) => one === look).length} ${look}`;
  const label = `${inOrder.length} checks: ${(['breaking', 'warning', 'information', 'same', 'inconclusive'] as const).map(told).join(', ')}`;
  return html`<div class="scroll" tabindex="0" role="group" aria-label="Timeline"><svg class="timeline" viewBox="0 0 ${width} 60" width=${width} height="60" role="img" aria-label=${label}>
    ${(['breaking', 'warning', 'information', 'same'] as const).map((look) => svg`<text x="0" y=${HEIGHT[look] + 3}>${look}</text><line class="grid" x1=${LEFT - 8} x2=${width} y1=${HEIGHT[look]} y2=${HEIGHT[look]}></line>`)}
    <polyline points=${points.join(' ')}></polyline>
    ${inOrder.map((check, at) => mark(check, LEFT + at * STEP))}
  </svg></div>`;
}

function mark(check: CheckRecord, x: number) {
  const look = lookOf(check);
  const y = HEIGHT[look];
  const title = svg`<title>${absolute(check.at)}: ${wordFor(check)}</title>`;
  if (look === 'breaking')
    return svg`<path class=${look} d="M${x} ${y - 6} l6 6 l-6 6 l-6 -6 z">${title}</path>`;
  if (look === 'warning') return svg`<path class=${look} d="M${x} ${y - 6} l6 10 h-12 z">${title}</path>`;
  return svg`<circle class=${look} cx=${x} cy=${y} r="4">${title}</circle>`;
}

/** What a check came to, in words. */
export function wordFor({
  state,
  counts,
  accepted,
}: Pick<CheckRecord, 'state' | 'counts' | 'accepted'>): string {
  if (state !== 'drift') return WORDS[state];
  const said = (['breaking', 'warning', 'information'] as const).filter((one) => counts[one] > 0);
  return [...said.map((one) => `${counts[one]} ${one}`), ...(accepted ? ['accepted'] : [])].join(', ');
}

const WORDS: Record<CheckRecord['state'], string> = {
  first: 'first baseline',
  same: 'no change',
  drift: 'drift',
  unconfirmed: 'being confirmed',
  rebaselined: 'new baseline',
  inconclusive: 'inconclusive',
};
