import * as z from 'zod';

const Stream = z.object({
  tap_stream_id: z.string().optional(),
  stream: z.string().optional(),
  schema: z.object({ properties: z.record(z.string(), z.unknown()) }),
  key_properties: z.array(z.string()).optional(),
});

const Catalog = z.object({ streams: z.array(Stream).min(1) });

/** What is wrong with a discovered catalog, in words; empty when nothing is. Exit code 0 proves little. */
export function catalogProblems(text: string): string[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return [`the catalog is not JSON: ${(error as Error).message}`];
  }
  const { success, data, error } = Catalog.safeParse(value);
  if (!success) return [z.prettifyError(error)];
  const names = data.streams.map(({ tap_stream_id: id, stream }) => id ?? stream ?? '');
  const keys = data.streams.flatMap(({ schema, key_properties: wanted = [] }, index) =>
    wanted
      .filter((key) => !(key in schema.properties))
      .map((key) => `${names[index]}: key ${key} is not in its schema`),
  );
  const twice = names.filter((name, index) => name === '' || names.indexOf(name) !== index);
  return [...keys, ...twice.map((name) => `the stream name "${name}" is missing or used twice`)];
}

const COMPLAINT =
  /\b(?:ERROR|CRITICAL|FATAL)\b|^Traceback |Error (?:discovering stream|fetching)|"level(?:name)?":\s*"(?:error|critical|fatal)"/;

/** Lines of a tap's log that tell of an error: a discovery that logged one may have left streams out, with exit code 0. */
export function complaints(stderr: string): string[] {
  return stderr.split('\n').filter((line) => COMPLAINT.test(line));
}
