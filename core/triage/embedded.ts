import { type Classifier, loaded, Trained } from './classifier.ts';
import kinds from './kinds.json' with { type: 'json' };

let known: Trained | undefined;

/** The classifier that is shipped, with its metrics. */
export function shipped(): Trained {
  known ??= Trained.parse(kinds);
  return known;
}

let ready: Classifier | undefined;

/** As it is used where nobody has taught it anything yet: as sure as it may be of words that it was not trained on. */
export function embedded(): Classifier {
  const { temperature, threshold } = shipped().elsewhere;
  ready ??= { ...loaded(shipped()), temperature, threshold };
  return ready;
}
