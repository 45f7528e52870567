type Fields = Record<string, unknown>;

/** One JSON line per call: a static message, values in fields. The only place that writes; never give it a secret, a token or a body. */
export const log = {
  info: (message: string, fields: Fields = {}) => write('info', message, fields),
  warn: (message: string, fields: Fields = {}) => write('warn', message, fields),
  error: (message: string, fields: Fields = {}) => write('error', message, fields),
};

function write(level: string, message: string, fields: Fields): void {
  process.stdout.write(`${JSON.stringify({ level, message, ...fields }, plain)}\n`);
}

function plain(_key: string, value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  return { name: value.name, message: value.message, stack: value.stack, cause: value.cause };
}
