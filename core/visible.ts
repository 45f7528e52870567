/** Characters that change or hide how text looks: controls, bidirectional and zero-width marks, private use, blank letters, variation selectors. */
const HIDDEN =
  /\r\n|[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\p{Zl}\p{Zp}\u00a0\u115f\u1160\u3164\uffa0\u2800]|\p{Variation_Selector}/gu;

const PLAIN = ['\n', '\t'];

/** The text with everything that could deceive the eye written out as `⟦U+202E⟧`; only tabs and ends of lines stay. */
export function visible(text: string): string {
  return text.replace(HIDDEN, (found) => {
    if (found === '\r\n') return '\n';
    return PLAIN.includes(found) ? found : `⟦U+${codePoint(found)}⟧`;
  });
}

function codePoint(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
}

/** Text from outside on one line, with what would steer the eye written out. */
export function oneLine(text: string): string {
  return visible(text).replace(/\s+/g, ' ').trim();
}
