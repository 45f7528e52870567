import { randomInt } from 'node:crypto';
import { AwsError, refuse } from '../service.ts';

interface Generate {
  PasswordLength?: number;
  SecretStringTemplate?: string;
  GenerateStringKey?: string;
  ExcludeCharacters?: string;
  ExcludeLowercase?: boolean;
  ExcludeUppercase?: boolean;
  ExcludeNumbers?: boolean;
  ExcludePunctuation?: boolean;
  IncludeSpace?: boolean;
  RequireEachIncludedType?: boolean;
}

/** The value that CloudFormation's GenerateSecretString asks for. */
export function generated(options: unknown): string | undefined {
  if (!options) return undefined;
  const wish = options as Generate;
  const { SecretStringTemplate: template, GenerateStringKey: key } = wish;
  const password = randomPassword(wish);
  if (!template && !key) return password;
  if (!template || !key)
    throw new AwsError('InvalidParameterException', 'Give both SecretStringTemplate and GenerateStringKey.');
  return JSON.stringify({ ...JSON.parse(template), [key]: password });
}

function randomPassword(wish: Generate): string {
  const { PasswordLength, ExcludeCharacters = '', RequireEachIncludedType = true } = wish;
  const length = Number(PasswordLength ?? 32);
  const classes = [
    wish.ExcludeLowercase ? '' : 'abcdefghijklmnopqrstuvwxyz',
    wish.ExcludeUppercase ? '' : 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
    wish.ExcludeNumbers ? '' : '0123456789',
    wish.ExcludePunctuation ? '' : '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~',
    wish.IncludeSpace ? ' ' : '',
  ].flatMap((letters) => [...letters].filter((one) => !ExcludeCharacters.includes(one)).join('') || []);
  const all = [...classes.join('')];
  if (all.length === 0) refuse('GenerateSecretString that excludes every character');
  for (;;) {
    const password = Array.from({ length }, () => all[randomInt(all.length)]).join('');
    const hasAll = classes.every((letters) => [...letters].some((one) => password.includes(one)));
    if (hasAll || !RequireEachIncludedType || length < classes.length) return password;
  }
}
