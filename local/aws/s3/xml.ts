import { AwsError, type RestReply } from '../service.ts';

/** Elements by name; an array repeats its element, undefined leaves it out. */
export type Elements = { [name: string]: string | number | boolean | undefined | Elements | Elements[] };

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

export function xmlReply(root: string, elements: Elements, status = 200): RestReply {
  const attribute = root === 'Error' ? '' : ` xmlns="${NAMESPACE}"`;
  return {
    status,
    headers: { 'content-type': 'application/xml' },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n<${root}${attribute}>${write(elements)}</${root}>`,
  };
}

function write(elements: Elements): string {
  return Object.entries(elements)
    .flatMap(([name, value]) =>
      Array.isArray(value) ? value.map((one) => element(name, one)) : element(name, value),
    )
    .join('');
}

function element(name: string, value: Exclude<Elements[string], Elements[]>): string {
  if (value === undefined) return '';
  return `<${name}>${typeof value === 'object' ? write(value) : escaped(String(value))}</${name}>`;
}

function escaped(text: string): string {
  // Beyond markup, control characters: as such they are no XML.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: see above
  return text.replace(/[&<>"\u0000-\u001f]/g, (one) => `&#${one.charCodeAt(0)};`);
}

/** The children of `<name>` elements as maps, for the flat documents that S3 takes. */
export function childrenOf(name: string, document: string): Record<string, string>[] {
  return [...document.matchAll(new RegExp(`<${name}(?:\\s[^>]*)?>(.*?)</${name}>`, 'gs'))].map(
    ([, inner = '']) =>
      Object.fromEntries(
        [...inner.matchAll(/<(\w+)>([^<]*)<\/\1>/g)].map(([, child = '', text = '']) => [child, plain(text)]),
      ),
  );
}

const NAMED: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function plain(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (_, hex, decimal, name) => {
    if (name) return NAMED[name] ?? malformed();
    return String.fromCodePoint(hex ? Number.parseInt(hex, 16) : Number(decimal));
  });
}

export function malformed(): never {
  throw new AwsError('MalformedXML', 'The XML you provided was not well-formed or did not validate.');
}
