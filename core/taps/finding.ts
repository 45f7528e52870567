import * as z from 'zod';

export interface Finding {
  rule: string;
  /** `FAIL` makes a catalog unsound; `WARN` wants a look; `WAIVED` is a failure that the integration's owners allow. */
  grade: 'FAIL' | 'WARN' | 'WAIVED';
  stream?: string;
  path?: string;
  text: string;
  /** Why it is waived. */
  reason?: string;
}

/** A rule that an integration may break, and why: reports whose schema lacks their key, for example. */
export const Waiver = z.object({
  rule: z.string().min(1).max(100),
  /** A stream's name; `*` in it stands for anything. */
  stream: z.string().max(300).default('*'),
  reason: z.string().min(1).max(500),
});
export type Waiver = z.infer<typeof Waiver>;
export const Waivers = z.array(Waiver).max(50);

export function isWaived({ rule, stream = '' }: Finding, waiver: Waiver): boolean {
  if (waiver.rule !== rule) return false;
  const parts = waiver.stream.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's').test(stream);
}
