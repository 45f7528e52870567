/** What a server can measure about an action. Limits are compared with these and with nothing that an agent says. */
export type FactName = keyof typeof SCALES;

/** Measured values by name; one that could not be measured is left out, and is then over every limit. */
export type Facts = Readonly<Record<string, unknown>>;

const amount = (value: unknown) =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
const flag = (value: unknown) => (typeof value === 'boolean' ? Number(value) : undefined);
const step = (steps: readonly string[]) => (value: unknown) => {
  const at = steps.indexOf(value as string);
  return at < 0 ? undefined : at;
};

/** How much there is of personal data: masked is written so that the person cannot be found by it. */
export const PII_LEVELS = ['none', 'masked', 'raw'] as const;
export type PiiLevel = (typeof PII_LEVELS)[number];

/** How much a value is, on the fact's own scale; nothing for a value that is none of it. */
const SCALES = {
  /** Dollars that the action costs, or moves. */
  cost_usd: amount,
  files_changed: amount,
  lines_changed: amount,
  /** People that a message goes to. */
  recipients: amount,
  /** Those of them outside the organization. */
  external_recipients: amount,
  channel_members: amount,
  /** Whether anybody outside the organization can read it. */
  external: flag,
  pii: step(PII_LEVELS),
};

export const FACT_NAMES = Object.keys(SCALES) as FactName[];

/** Whether the name is that of a fact. */
export function isFact(name: string): name is FactName {
  return Object.hasOwn(SCALES, name);
}

/** How much a value of a fact is, for comparing; nothing when it is not a value of that fact. */
export function level(name: string, value: unknown): number | undefined {
  return isFact(name) ? SCALES[name](value) : undefined;
}

/** Whether a measured value is within a limit. What is missing, unknown or not comparable is not. */
export function isWithin(name: string, { value, limit }: { value: unknown; limit: unknown }): boolean {
  const [measured, allowed] = [level(name, value), level(name, limit)];
  return measured !== undefined && allowed !== undefined && measured <= allowed;
}

/** Whether a fact is counted, so that a budget can add it up. */
export function isAmount(name: string): boolean {
  return isFact(name) && SCALES[name] === amount;
}
