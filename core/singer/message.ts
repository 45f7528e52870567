export type Message = Record<string, unknown>;

const NAN = /(?<=[:[,]\s*)-?(?:NaN|Infinity)(?=\s*[,}\]])/g;

/** A line's JSON. Python writes NaN where nobody forbids it: it is read as null, and told. */
export function parsed(text: string): { value?: unknown; hasNaN?: boolean } {
  const value = json(text);
  if (value !== undefined) return { value };
  const mended = text.replace(NAN, 'null');
  return mended === text ? {} : { value: json(mended), hasNaN: true };
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is Message {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
