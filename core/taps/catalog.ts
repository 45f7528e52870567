import * as z from 'zod';
import { oneLine } from '../visible.ts';
import { streamFindings } from './catalog-stream.ts';
import { type Finding, isWaived, type Waiver } from './finding.ts';

const Catalog = z.object({ streams: z.array(z.record(z.string(), z.unknown())).min(1) });

/** Everything that is wrong with a catalog as a tap prints it. Exit code 0 proves little: unsound ones are printed with it. */
export function catalogFindings(text: string, waivers: Waiver[] = []): Finding[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return [
      { rule: 'NOT_JSON', grade: 'FAIL', text: `the catalog is not JSON: ${(error as Error).message}` },
    ];
  }
  const { success, data, error } = Catalog.safeParse(value);
  if (!success) return [{ rule: 'NOT_A_CATALOG', grade: 'FAIL', text: z.prettifyError(error) }];
  const names = data.streams.map(({ tap_stream_id: id, stream }) => String(id ?? stream ?? ''));
  return [
    ...nameFindings(data.streams, names),
    ...data.streams.flatMap((one, at) => streamFindings(one, names[at] ?? '')),
  ]
    .map((finding) => ({ ...finding, text: oneLine(finding.text) }))
    .map((finding) => {
      const waiver = waivers.find((one) => isWaived(finding, one));
      return waiver ? { ...finding, grade: 'WAIVED' as const, reason: waiver.reason } : finding;
    });
}

/** What is wrong with a discovered catalog, in words; empty when nothing is. */
export function catalogProblems(text: string, waivers?: Waiver[]): string[] {
  return catalogFindings(text, waivers)
    .filter(({ grade }) => grade === 'FAIL')
    .map(({ text: said }) => said);
}

function nameFindings(streams: Record<string, unknown>[], names: string[]): Finding[] {
  const twice = names.filter((name, index) => name === '' || names.indexOf(name) !== index);
  const lacking = streams.flatMap(({ tap_stream_id: id, stream }, at) =>
    (
      [
        ['tap_stream_id', id],
        ['stream', stream],
      ] as const
    )
      .filter(([, value]) => typeof value !== 'string' || value === '')
      .map(
        ([field]): Finding => ({
          rule: 'STREAM_UNNAMED',
          grade: 'WARN',
          stream: names[at] ?? '',
          text: `${names[at] || `stream ${at}`}: it has no ${field}`,
        }),
      ),
  );
  return [
    ...twice.map(
      (name): Finding => ({
        rule: 'STREAM_NAME',
        grade: 'FAIL',
        stream: name,
        text: `the stream name "${name}" is missing or used twice`,
      }),
    ),
    ...lacking,
  ];
}

const COMPLAINT =
  /\b(?:ERROR|CRITICAL|FATAL)\b|^Traceback |Error (?:discovering stream|fetching)|"level(?:name)?":\s*"(?:error|critical|fatal)"/;

/** Lines of a tap's log that tell of an error: a discovery that logged one may have left streams out, with exit code 0. */
export function complaints(stderr: string): string[] {
  return stderr.split('\n').filter((line) => COMPLAINT.test(line));
}
