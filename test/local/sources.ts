import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The text of every source below some folders of the repository, comments taken out. */
export function sourcesOf(folders: string[], pattern = /\.ts$/): string {
  const files = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && pattern.test(entry.name))
      .map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8')),
  );
  return files.join('\n').replace(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*/g, '');
}

/** One request as source text: `new QueryCommand({ TableName, Limit: 1 })`. */
export interface Request {
  /** By its name in the API: a command of the document client under the name of what it sends. */
  operation: string;
  /** The members at the top of its input. */
  members: string[];
}

const DOCUMENT: Record<string, string> = {
  Get: 'GetItem',
  Put: 'PutItem',
  Update: 'UpdateItem',
  Delete: 'DeleteItem',
  TransactWrite: 'TransactWriteItems',
  TransactGet: 'TransactGetItems',
  BatchGet: 'BatchGetItem',
  BatchWrite: 'BatchWriteItem',
};

/** Every request that a source makes of AWS's SDK. */
export function requestsIn(text: string): Request[] {
  return [...text.matchAll(/new ([A-Z]\w+)Command\(/g)].map((match) => {
    const [whole, name = ''] = match;
    const inside = balanced(text, match.index + whole.length);
    return { operation: DOCUMENT[name] ?? name, members: membersOf(inside) };
  });
}

/** The text up to the bracket that closes what is open at `from`. */
function balanced(text: string, from: number): string {
  let depth = 1;
  for (let at = from; at < text.length; at += 1) {
    if ('([{'.includes(text[at] as string)) depth += 1;
    if (')]}'.includes(text[at] as string)) depth -= 1;
    if (depth === 0) return text.slice(from, at);
  }
  return text.slice(from);
}

/** Names at the first level of an object literal, those in a spread of it too. */
function membersOf(literal: string): string[] {
  const own = literal.trim().replace(/^\{|\}\s*,?$/g, '');
  let depth = 0;
  let flat = '';
  for (const character of own) {
    if (')]}'.includes(character)) depth -= 1;
    if (depth === 0) flat += character;
    if ('([{'.includes(character)) depth += 1;
  }
  return [...flat.matchAll(/(?:^|[,{\n])\s*([A-Za-z]\w*)\s*(?=[:,]|$)/g)].map(([, name]) => name as string);
}
