/** Markup that is safe to put into a page: made only by the tag below. */
export interface Html {
  readonly markup: string;
  toString(): string;
}

type Value = string | number | Html | readonly Html[] | false | undefined;

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Markup with every value escaped, unless it was made by this tag itself. Attributes must be quoted. */
export function html(parts: TemplateStringsArray, ...values: Value[]): Html {
  return trusted(parts.reduce((before, part, at) => before + written(values[at - 1]) + part));
}

function written(value: Value): string {
  if (value === undefined || value === false) return '';
  if (typeof value === 'string') return escaped(value);
  if (typeof value === 'number') return String(value);
  if (isMarkup(value)) return value.markup;
  return value.map((one) => one.markup).join('');
}

function isMarkup(value: Html | readonly Html[]): value is Html {
  return 'markup' in value;
}

/** Marks our own constant text as markup; nothing that came from outside may be given to it. */
export function trusted(markup: string): Html {
  return { markup, toString: () => markup };
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
