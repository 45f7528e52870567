import { type Authenticator, type InventoryStream, type Reading, texts, variables } from '../inventory.ts';
import type { Blanks } from './words.ts';

interface Pair {
  key: string;
  value: string;
  type: 'string';
}

/** As Postman writes it: the kind, and its settings under the kind's name. */
export type Auth = { type: string } & Record<string, string | Pair[]>;

/** How a stream's requests say who asks, with variables in place of every credential; nothing where the code does not tell. */
export function authOf(stream: InventoryStream, notes: Blanks): Auth | undefined {
  const [first] = stream.auth;
  const read = first && SETTINGS[first.kind]?.(first, notes);
  if (first && read) return written(first.kind, read);
  const token = bearerIn(stream);
  return token === undefined
    ? undefined
    : written('bearer', { token: notes.use({ key: token, isSecret: true }) });
}

/** The variable of an `Authorization: Bearer …` header that the code writes itself. */
export function bearerIn({ headers }: InventoryStream): string | undefined {
  const value = headers.find(({ name }) => /^authorization$/i.test(name))?.value;
  const [text] = texts(value);
  return text && /^bearer\b/i.test(text) ? (variables(value)[0]?.name ?? 'access_token') : undefined;
}

function written(type: string, settings: Record<string, string>): Auth {
  return { type, [type]: Object.entries(settings).map(([key, value]) => ({ key, value, type: 'string' })) };
}

const SETTINGS: Record<string, (auth: Authenticator, notes: Blanks) => Record<string, string>> = {
  bearer: (auth, notes) => ({ token: credential(auth, notes, ['token', '1', '0'], 'access_token') }),
  apikey: (auth, notes) => ({
    key: texts(auth.given.key ?? auth.given.header_name ?? auth.given['1'])[0] ?? 'Authorization',
    value: credential(auth, notes, ['value', '2', 'api_key'], 'api_key'),
    in: /param|query/.test(texts(auth.given.location)[0] ?? '') ? 'query' : 'header',
  }),
  basic: (auth, notes) => ({
    username: credential(auth, notes, ['username', '1'], 'username'),
    password: credential(auth, notes, ['password', '2'], 'password'),
  }),
  oauth2: (_, notes) => ({
    accessToken: notes.use({ key: 'access_token', isSecret: true, description: OAUTH }),
    addTokenTo: 'header',
  }),
};

const OAUTH = 'an access token of the OAuth flow that the tap goes through';

/** A variable for what the authenticator is given, named as the configuration names it. Literal values are never taken. */
function credential({ given, at }: Authenticator, notes: Blanks, names: string[], standard: string): string {
  const reading: Reading | undefined = names.map((name) => given[name]).find((one) => one !== undefined);
  const [variable] = variables(reading);
  const key = variable?.from === 'config' ? variable.name : standard;
  return notes.use({ key, isSecret: true, description: `used by the authenticator at ${at}` });
}
