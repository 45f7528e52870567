import * as z from 'zod';
import { secretsIn } from '../taps/patch.ts';

/** One real exchange with a provider, kept to be played again. No header is kept but the answer's type. */
export const Cassette = z.strictObject({
  recordedAt: z.iso.datetime(),
  /** From then on it says too little of what the provider does today. */
  expiresAt: z.iso.datetime(),
  model: z.string(),
  request: z.record(z.string(), z.unknown()),
  response: z.strictObject({ status: z.int(), type: z.string(), body: z.string() }),
});
export type Cassette = z.infer<typeof Cassette>;

/** Names of accounts and people, as providers write them. */
const NAMES: [RegExp, string][] = [
  [/\bsk-[\w-]{8,}/g, 'sk-redacted'],
  [/\b(org|organization|wrkspc|workspace|user|acct|apikey|proj)[_-][A-Za-z0-9]{12,}/g, '$1_redacted'],
  [/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi, '00000000-0000-0000-0000-000000000000'],
  [/\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b/g, 'somebody@example.com'],
];

/** A text without the secrets, in whatever encoding, and without names of accounts and people. */
export function redacted(text: string, secrets: readonly string[] = []): string {
  const forms = secrets.flatMap((one) => [one, encodeURIComponent(one), btoa(one)]);
  const bare = forms.reduce((left, form) => left.replaceAll(form, 'redacted'), text);
  return NAMES.reduce((left, [shape, name]) => left.replaceAll(shape, name), bare);
}

/** Why an answer cannot be kept: what is left of a secret, or one cut into the pieces of a stream, where replacing does not find it. */
export function unfitToKeep({ request, response }: Cassette, secrets: readonly string[]): string | undefined {
  const whole = [...response.body.matchAll(/"(?:text|partial_json|thinking)":("(?:[^"\\]|\\.)*")/g)]
    .map(([, piece = '""']) => JSON.parse(piece))
    .join('');
  if (redacted(whole, secrets) !== whole) return 'its answer quotes a secret or a name in pieces';
  const kinds = secretsIn(JSON.stringify([request, response, whole]));
  return kinds.length > 0 ? `it seems to hold ${kinds.join(', ')}` : undefined;
}
