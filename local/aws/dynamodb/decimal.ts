import { invalid } from './invalid.ts';

/** An exact number: ±0.d₁d₂d₃… × 10^exponent, without leading or trailing zero digits; zero has no digits. */
export interface Decimal {
  negative: boolean;
  digits: string;
  exponent: number;
}

const SYNTAX = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;
const MAX_DIGITS = 38;
/** 9.9…E+125 and 1E-130 are DynamoDB's bounds; as 0.d… × 10^e these are the exponents. */
const MAX_EXPONENT = 126;
const MIN_EXPONENT = -129;

/** Reads a number exactly. Throws ValidationException beyond 38 digits or DynamoDB's magnitudes. */
export function parseDecimal(text: string): Decimal {
  const [, sign = '', whole = '', fraction = '', power = '0'] = SYNTAX.exec(text) ?? [];
  const written = whole + fraction;
  if (written === '') throw invalid(`The parameter cannot be converted to a numeric value: ${text}`);
  return checked(normal(sign === '-', written, whole.length + Number(power)));
}

/** The text DynamoDB gives back: plain notation, no exponent, no superfluous zero. */
export function formatDecimal({ negative, digits, exponent }: Decimal): string {
  if (digits === '') return '0';
  const sign = negative ? '-' : '';
  if (exponent <= 0) return `${sign}0.${'0'.repeat(-exponent)}${digits}`;
  if (exponent >= digits.length) return sign + digits.padEnd(exponent, '0');
  return `${sign}${digits.slice(0, exponent)}.${digits.slice(exponent)}`;
}

/** The exact sum, or ValidationException when it needs more than 38 digits. */
export function add(a: Decimal, b: Decimal): Decimal {
  const scale = Math.min(a.exponent - a.digits.length, b.exponent - b.digits.length);
  const sum = scaled(a, scale) + scaled(b, scale);
  const digits = (sum < 0n ? -sum : sum).toString();
  return checked(normal(sum < 0n, digits, digits.length + scale));
}

/** The same number with the other sign. */
export function negate(decimal: Decimal): Decimal {
  return { ...decimal, negative: decimal.digits !== '' && !decimal.negative };
}

/**
 * Bytes that sort (memcmp) as the numbers do: sign, exponent, then pairs of digits.
 * A negative number is the complement with a high terminator, so that the longer one sorts first.
 */
export function encodeDecimal({ negative, digits, exponent }: Decimal): Buffer {
  if (digits === '') return Buffer.of(1);
  const pairs = digits.padEnd(digits.length + (digits.length % 2), '0').match(/../g) ?? [];
  const magnitude = [exponent - MIN_EXPONENT, ...pairs.map((pair) => Number(pair) + 1)];
  return negative
    ? Buffer.from([0, ...magnitude.map((byte) => 255 - byte), 255])
    : Buffer.from([2, ...magnitude]);
}

function normal(negative: boolean, written: string, point: number): Decimal {
  const digits = written.replace(/^0+/, '');
  const exponent = point - (written.length - digits.length);
  const short = digits.replace(/0+$/, '');
  return short === '' ? { negative: false, digits: '', exponent: 0 } : { negative, digits: short, exponent };
}

function scaled({ negative, digits, exponent }: Decimal, scale: number): bigint {
  const magnitude = BigInt(digits || '0') * 10n ** BigInt(exponent - digits.length - scale);
  return negative ? -magnitude : magnitude;
}

function checked(decimal: Decimal): Decimal {
  if (decimal.exponent > MAX_EXPONENT)
    throw invalid(`Number overflow. ${MAGNITUDE} larger than supported range`);
  if (decimal.exponent < MIN_EXPONENT)
    throw invalid(`Number underflow. ${MAGNITUDE} smaller than supported range`);
  if (decimal.digits.length > MAX_DIGITS) {
    throw invalid('Attempting to store more than 38 significant digits in a Number');
  }
  return decimal;
}

const MAGNITUDE = 'Attempting to store a number with magnitude';
