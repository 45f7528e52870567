import { argmax, softmax } from './regression.ts';

/** A guess whose truth is known: its scores, and the index of the kind that was right. */
export interface Judged {
  scores: readonly number[];
  kind: number;
}

const TEMPERATURES = Array.from({ length: 41 }, (_, step) => 0.2 * 1.08 ** step);

/** The temperature at which probabilities say best how often guesses are right. */
export function temperatureFor(judged: Judged[]): number {
  const losses = TEMPERATURES.map((temperature) =>
    judged.reduce((sum, { scores, kind }) => sum - Math.log(softmax(scores, temperature)[kind] ?? 0), 0),
  );
  return TEMPERATURES[losses.indexOf(Math.min(...losses))] ?? 1;
}

/** How many of the guesses reach the threshold, and how many of those are right. */
export function selective(judged: Judged[], temperature: number, threshold: number) {
  const answered = rated(judged, temperature).filter(({ probability }) => probability >= threshold);
  const right = answered.filter(({ isRight }) => isRight).length;
  return { coverage: answered.length / (judged.length || 1), accuracy: right / (answered.length || 1) };
}

/**
 * The lowest threshold over which guesses were right often enough; none when no share worth having was. `margin` asks
 * for so many standard errors more, where there are few guesses to go by.
 */
export function thresholdFor(
  judged: Judged[],
  temperature: number,
  { accuracy, least, margin = 0 }: { accuracy: number; least: number; margin?: number },
): number | undefined {
  const ordered = rated(judged, temperature).sort((a, b) => b.probability - a.probability);
  let right = 0;
  let lowest: number | undefined;
  ordered.forEach(({ probability, isRight }, at) => {
    right += isRight ? 1 : 0;
    const count = at + 1;
    const error = Math.sqrt((accuracy * (1 - accuracy)) / count);
    if (count < least || right / count < accuracy + margin * error) return;
    // Where every guess may be answered, the lowest of them says nothing about those below it.
    lowest = count === ordered.length ? Math.min(probability, accuracy) : probability;
  });
  return lowest;
}

function rated(judged: Judged[], temperature: number) {
  return judged.map(({ scores, kind }) => {
    const chances = softmax(scores, temperature);
    const best = argmax(chances);
    return { probability: chances[best] ?? 0, isRight: best === kind };
  });
}
