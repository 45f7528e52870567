import type { Attribute, Inventory, Reading, Variable } from '../inventory.ts';
import { variables } from '../inventory.ts';
import { secretsIn } from '../patch.ts';

/** A variable of a collection: what a person fills in before sending. */
export interface Blank {
  key: string;
  value: string;
  isSecret: boolean;
  description: string;
}

/** Notes every variable that a collection needs, once, and answers how it is written in a request. */
export interface Blanks {
  all: Map<string, Blank>;
  use(blank: Partial<Blank> & { key: string }): string;
}

const SECRET =
  /token|secret|passw|api_?-?key|credential|private_?key|^auth(orization)?$|cookie|signature|client_id/i;

/** Whether something of this name may hold what nobody but its owner should read. */
export function isSecretName(name: string): boolean {
  return SECRET.test(name);
}

export function blanks(config: Inventory['config']): Blanks {
  const all = new Map<string, Blank>();
  const use: Blanks['use'] = ({ key, value = '', isSecret = false, description = '' }) => {
    const known = all.get(key);
    const setting = config[key];
    const secret = isSecret || isSecretName(key) || (known?.isSecret ?? setting?.isSecret ?? false);
    const usual = isPlain(setting?.default) ? String(setting.default) : '';
    const told = { key, description: known?.description || description, isSecret: secret };
    all.set(key, { ...told, value: secret ? '' : known?.value || value || usual });
    return `{{${key}}}`;
  };
  return { all, use };
}

const GAP = /\{\{?([A-Za-z_][\w-]*)\}?\}/g;

/** The gaps of a template, as the code writes them: `{name}`. */
export function gapsOf(text: string): string[] {
  return [...text.matchAll(GAP)].map(([, name = '']) => name);
}

/** A text of the code with its gaps as variables of the collection. */
export function filled(text: string, reading: Reading | undefined, { use }: Blanks): string {
  const known = variables(reading);
  return withoutLogin(text).replace(GAP, (_, name: string) =>
    use({ key: name, ...origin(known.find((one) => one.name === name)) }),
  );
}

/** Where a variable's value comes from, and the default that the code gives it. */
export function origin(variable: Variable | undefined): { description: string; value?: string } {
  if (!variable) return { description: 'set by the tap' };
  const { from, key, name, default: standard } = variable;
  const description =
    from === 'code' ? `set by code: ${quoted(variable)}` : `from ${SOURCES[from]}: ${key ?? name}`;
  return { description, ...(isPlain(standard) && { value: String(standard) }) };
}

const SOURCES = { config: "the tap's configuration", context: "the stream's context", record: 'a record' };

function isPlain(value: unknown): value is string | number | boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}

/** What a parameter, header or field is sent with; nothing where only a run knows. */
export function sent(
  { name, value }: { name: string; value: Attribute },
  notes: Blanks,
): unknown | undefined {
  const first = value.kind === 'candidates' ? value.candidates[0] : value;
  if (first?.kind === 'template') return filled(first.template, first, notes);
  if (first?.kind !== 'value') return undefined;
  if (!isSecretName(name) && secretsIn(JSON.stringify(first.value ?? '')).length === 0) return first.value;
  return notes.use({
    key: name.replace(/\W+/g, '_'),
    isSecret: true,
    description: `written in the code at ${value.at}`,
  });
}

/** An expression of the code, for people; one that seems to hold a credential is not repeated. */
export function quoted({ expression }: { expression: string }): string {
  const isRisky = secretsIn(expression).length > 0 || /['"][A-Za-z0-9+/_=-]{24,}['"]/.test(expression);
  return isRisky ? 'an expression that seems to hold a secret' : `\`${expression.replaceAll('`', "'")}\``;
}

/** An address without the user and password that it may carry. */
function withoutLogin(text: string): string {
  return text.replace(/^(https?:\/\/)[^/@]*@/i, '$1');
}
