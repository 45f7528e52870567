/** Longer ones are not read: no memory is worth one message. */
export const LONGEST_LINE = 32_000_000;

export interface Line {
  text: string;
  /** From 1. */
  number: number;
  /** Bytes that are no text were replaced. */
  isDamaged?: boolean;
  /** Longer than `LONGEST_LINE`: only its beginning is here. */
  isCut?: boolean;
}

const NEWLINE = 10;
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder('utf-8', { ignoreBOM: true });

/** Cuts a stream of bytes into lines, holding no more than one of them. */
export function lineReader(take: (line: Line) => void, longest = LONGEST_LINE) {
  let held: Uint8Array[] = [];
  let bytes = 0;
  let number = 0;
  const hold = (part: Uint8Array) => {
    if (bytes < longest) held.push(part.subarray(0, longest - bytes));
    bytes += part.length;
  };
  const flush = () => {
    const isCut = bytes > longest;
    const [text, isDamaged] = decoded(joined(held));
    take({ text, number: ++number, ...(isDamaged && { isDamaged }), ...(isCut && { isCut }) });
    held = [];
    bytes = 0;
  };
  /** Whole lines in one piece: decoding many at once is several times faster than one at a time. */
  const pass = (part: Uint8Array) => {
    const [text, isDamaged] = decoded(part);
    if (isDamaged) return each(part);
    for (const line of text.split('\n')) take({ text: line, number: ++number });
  };
  const each = (part: Uint8Array) => {
    for (let from = 0; from <= part.length; ) {
      const to = part.indexOf(NEWLINE, from);
      hold(part.subarray(from, to < 0 ? part.length : to));
      flush();
      from = to < 0 ? part.length + 1 : to + 1;
    }
  };
  return {
    push(chunk: Uint8Array) {
      const first = chunk.indexOf(NEWLINE);
      if (first < 0) return hold(chunk.slice());
      hold(chunk.subarray(0, first));
      flush();
      const last = chunk.lastIndexOf(NEWLINE);
      if (last > first) pass(chunk.subarray(first + 1, last));
      if (last + 1 < chunk.length) hold(chunk.slice(last + 1));
    },
    /** What came after the last newline. */
    end() {
      if (bytes > 0) flush();
    },
  };
}

function decoded(bytes: Uint8Array): [text: string, isDamaged: boolean] {
  try {
    return [strict.decode(bytes), false];
  } catch {
    return [lenient.decode(bytes), true];
  }
}

function joined(parts: Uint8Array[]): Uint8Array {
  const [only] = parts;
  if (parts.length === 1 && only) return only;
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
