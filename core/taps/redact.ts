import { SECRETS } from './patch.ts';

export const REMOVED = '[removed]';

/** Words that are no secret wherever they stand. */
const PLAIN = /^(?:true|false|null|none|\d{1,5}|\d{4}-\d\d-\d\d.*|https?:\/\/[^@]*|[a-z]{1,7})$/i;
export const SECRET_NAME =
  /token|secret|passw|key|auth|credential|private|signature|session|cookie|\bpin\b|cert/i;

/** Every value of a config that must not be shown: all but dates, addresses without a user, and short plain words. */
export function secretsOf(config: unknown, name = ''): string[] {
  if (Array.isArray(config)) return config.flatMap((one) => secretsOf(one, name));
  if (typeof config === 'object' && config !== null)
    return Object.entries(config).flatMap(([key, value]) => secretsOf(value, key));
  const text = typeof config === 'string' || typeof config === 'number' ? String(config) : '';
  const isSecret = SECRET_NAME.test(name) ? text.length >= 3 : text.length >= 6 && !PLAIN.test(text);
  return isSecret ? [text] : [];
}

/** Long values whose names say that they are secret: nothing that a catalog says by chance. */
export function namedSecrets(config: unknown, name = ''): string[] {
  if (typeof config === 'object' && config !== null)
    return Object.entries(config).flatMap(([key, value]) =>
      namedSecrets(value, Array.isArray(config) ? name : key),
    );
  const isSecret = typeof config === 'string' && config.length >= 12 && SECRET_NAME.test(name);
  return isSecret ? [config] : [];
}

/** A text without these values, in every spelling, and otherwise as it is. */
export function without(secrets: Iterable<string>, text: string): string {
  return [...secrets].flatMap(spelled).reduce((left, one) => left.replaceAll(one, REMOVED), text);
}

/** Where a name says that what follows is a secret, whatever it looks like. */
const NAMED =
  /((?:access|refresh|id|bearer|api|auth|client|session)[_ -]?(?:token|secret|key)|password|passwd|authorization|secret)(["']?\s*(?:[:=]|is|\()\s*(?:bearer |basic )?["']?)([^\s"',;&}]{4,})/gi;
const SCHEME = /\b(Bearer|Basic) [\w.~+/=-]{8,}/g;

/** Takes secrets out of a text: known ones in every spelling, and whatever has the shape of one. */
export function redactor(secrets: Iterable<string>): (text: string) => string {
  const spellings = [...new Set([...secrets].flatMap(spelled))].sort((a, b) => b.length - a.length);
  const known = spellings.length > 0 ? new RegExp(spellings.map(escaped).join('|'), 'g') : /(?!)/g;
  return (text) => {
    const byValue = text.replace(known, REMOVED);
    const byName = byValue.replace(NAMED, `$1$2${REMOVED}`).replace(SCHEME, `$1 ${REMOVED}`);
    return SECRETS.reduce((left, [, shape]) => left.replace(new RegExp(shape, 'g'), REMOVED), byName);
  };
}

function spelled(secret: string): string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  const bytes = new TextEncoder().encode(secret);
  const base64 = btoa(String.fromCharCode(...bytes)).replace(/=+$/, '');
  const short =
    secret.length < 6
      ? []
      : [encodeURIComponent(secret), base64, base64.replaceAll('+', '-').replaceAll('/', '_')];
  return [secret, json, ...short].filter((one) => one.length >= 3);
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
