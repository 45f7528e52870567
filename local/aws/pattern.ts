import { AwsError, refuse } from './service.ts';

type Test = (value: unknown) => boolean;
/** Judges the leaf values found at one field: none when it is absent, several when it is an array. */
type LeafTest = (leaves: unknown[]) => boolean;

/**
 * Whether `value` fits an EventBridge pattern (rules and event-source filters share the language).
 * Refuses operators it does not know, by name, whether or not the value would have reached them.
 */
export function matches(pattern: unknown, value: unknown): boolean {
  return compile(pattern)(value);
}

/** Reads a pattern once; define-time callers learn of unknown operators and wrong shapes before any event comes. */
export function compile(pattern: unknown): Test {
  if (!isObject(pattern)) throw invalid('a pattern must be an object');
  const fields = Object.entries(pattern).map(([key, rule]) =>
    key === '$or' ? anyOf(rule) : field(key, rule),
  );
  return (value) => {
    if (Array.isArray(value)) return value.some((one) => fields.every((test) => test(one)));
    return fields.every((test) => test(value));
  };
}

function anyOf(rule: unknown): Test {
  if (!Array.isArray(rule) || rule.length < 2)
    throw invalid('"$or" must be an array of two patterns or more');
  const choices = rule.map(compile);
  return (value) => choices.some((test) => test(value));
}

function field(key: string, rule: unknown): Test {
  const under = (value: unknown) => (isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined);
  if (isObject(rule)) {
    const test = compile(rule);
    return (value) => test(under(value));
  }
  if (!Array.isArray(rule) || rule.length === 0)
    throw invalid(`"${key}" must be an object or a filled array`);
  const tests = rule.map(leafTest);
  return (value) => {
    const leaves = leavesOf(under(value));
    return tests.some((test) => test(leaves));
  };
}

function leavesOf(value: unknown): unknown[] {
  if (value === undefined || isObject(value)) return [];
  return Array.isArray(value) ? value.flatMap(leavesOf) : [value];
}

function leafTest(rule: unknown): LeafTest {
  if (!isObject(rule)) return any((leaf) => leaf === rule);
  const [[name, operand] = ['', undefined], ...more] = Object.entries(rule);
  if (more.length > 0) throw invalid('one operator for each object');
  if (name === 'exists') return exists(operand);
  return any((operators[name] ?? refuse(`the event pattern operator "${name}"`))(operand));
}

function any(test: Test): LeafTest {
  return (leaves) => leaves.some(test);
}

function exists(operand: unknown): LeafTest {
  if (typeof operand !== 'boolean') throw invalid('"exists" takes true or false');
  return (leaves) => leaves.length > 0 === operand;
}

const operators: Record<string, (operand: unknown) => Test> = {
  prefix: (operand) => affix(operand, (leaf, part) => leaf.startsWith(part)),
  suffix: (operand) => affix(operand, (leaf, part) => leaf.endsWith(part)),
  'equals-ignore-case': (operand) => {
    const want = text(operand).toLowerCase();
    return (leaf) => typeof leaf === 'string' && leaf.toLowerCase() === want;
  },
  wildcard: (operand) => {
    const parts = text(operand)
      .split('*')
      .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
    const whole = new RegExp(`^${parts.join('.*')}$`, 's');
    return (leaf) => typeof leaf === 'string' && whole.test(leaf);
  },
  numeric,
  'anything-but': anythingBut,
};

function affix(operand: unknown, test: (leaf: string, part: string) => boolean): Test {
  if (!isObject(operand)) {
    const part = text(operand);
    return (leaf) => typeof leaf === 'string' && test(leaf, part);
  }
  const { 'equals-ignore-case': folded, ...rest } = operand;
  if (folded === undefined || Object.keys(rest).length > 0) throw invalid('a nested affix ignores case');
  const part = text(folded).toLowerCase();
  return (leaf) => typeof leaf === 'string' && test(leaf.toLowerCase(), part);
}

function anythingBut(operand: unknown): Test {
  const unwanted = (Array.isArray(operand) ? operand : [operand]).map((one): Test => {
    if (!isObject(one)) return (leaf) => leaf === one;
    return nestedBut(one);
  });
  return (leaf) => !unwanted.some((test) => test(leaf));
}

function nestedBut(rule: Record<string, unknown>): Test {
  const [[name, operand] = ['', undefined]] = Object.entries(rule);
  const operator = name === 'numeric' || name === 'anything-but' ? undefined : operators[name];
  if (!operator) refuse(`the event pattern operator "anything-but" with "${name}"`);
  const tests = (Array.isArray(operand) ? operand : [operand]).map(operator);
  return (leaf) => tests.some((test) => test(leaf));
}

const comparisons: Record<string, (a: number, b: number) => boolean> = {
  '=': (a, b) => a === b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

function numeric(operand: unknown): Test {
  if (!Array.isArray(operand) || (operand.length !== 2 && operand.length !== 4)) {
    throw invalid('"numeric" takes one or two comparisons');
  }
  const tests = [0, 2]
    .filter((at) => at < operand.length)
    .map((at) => comparison(operand[at], operand[at + 1]));
  return (leaf) => typeof leaf === 'number' && tests.every((test) => test(leaf));
}

function comparison(sign: unknown, bound: unknown): (leaf: number) => boolean {
  const compare = comparisons[String(sign)];
  if (!compare || typeof bound !== 'number')
    throw invalid('"numeric" takes a comparison sign, then a number');
  return (leaf) => compare(leaf, bound);
}

function text(operand: unknown): string {
  if (typeof operand !== 'string') throw invalid('the operator takes text');
  return operand;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(reason: string): AwsError {
  return new AwsError('InvalidEventPatternException', `Event pattern is not valid. Reason: ${reason}`);
}
