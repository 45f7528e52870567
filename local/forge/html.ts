/** Text that is HTML already; everything else is escaped when it is put into a page. */
export interface Html {
  readonly html: string;
}

type Value = Html | string | number | undefined | false | readonly Value[];

/** A piece of a page. Values are escaped unless they are pieces themselves; lists are joined; absent ones leave nothing. */
export function html(strings: TemplateStringsArray, ...values: Value[]): Html {
  return { html: strings.reduce((text, part, index) => text + shown(values[index - 1]) + part) };
}

/** Takes `text` as HTML without escaping it. */
export function trusted(text: string): Html {
  return { html: text };
}

function shown(value: Value): string {
  if (value === undefined || value === false) return '';
  if (typeof value === 'string' || typeof value === 'number') return escaped(String(value));
  return 'html' in value ? value.html : value.map(shown).join('');
}

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
