/** Text that Slack shows as it is. `emoji: false` keeps `:white_check_mark:` four words and no tick. */
export interface Text {
  type: 'plain_text';
  text: string;
  emoji: false;
}

interface Element {
  type: 'button';
  action_id: string;
  text: Text;
  value?: string;
  url?: string;
  style?: 'primary' | 'danger';
  confirm?: { title: Text; text: Text; confirm: Text; deny: Text };
}

interface Input {
  type: 'plain_text_input';
  action_id: string;
  multiline: boolean;
  max_length: number;
  initial_value?: string;
}

/** The part of Block Kit that we speak. */
export type Block =
  | { type: 'header'; text: Text }
  | { type: 'section'; text: Text }
  | { type: 'actions'; block_id: string; elements: Element[] }
  | { type: 'input'; block_id: string; optional?: boolean; label: Text; element: Input };

export interface View {
  type: 'modal';
  callback_id: string;
  private_metadata: string;
  title: Text;
  submit: Text;
  close: Text;
  blocks: Block[];
}

/** Slack's documented limits, in characters as they are sent. */
export const LIMIT = { header: 150, section: 3_000, confirm: 300 };

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** Text in which nothing is a link, a mention or a tag. */
export function escaped(text: string): string {
  return text.replace(/[&<>]/g, (character) => ENTITIES[character] ?? character);
}

export function plain(text: string): Text {
  return { type: 'plain_text', text: escaped(text), emoji: false };
}

export function doesFit(text: string, limit: number): boolean {
  return escaped(text).length <= limit;
}

/** The text, or its start with how much more there is on the page. */
export function fitted(text: string, limit: number): string {
  if (doesFit(text, limit)) return text;
  const characters = [...text];
  const room = limit - 60;
  let length = 0;
  const end = characters.findIndex((character) => {
    length += escaped(character).length;
    return length > room;
  });
  return `${characters.slice(0, end).join('')}… (${characters.length - end} more characters, on the page)`;
}

/** Lines in as few sections as they fit into, none of them broken. Each line must fit into a section by itself. */
export function sections(lines: string[]): Block[] {
  const packed: string[] = [];
  for (const line of lines) {
    const joined = `${packed.at(-1)}\n${line}`;
    if (packed.length > 0 && doesFit(joined, LIMIT.section)) packed[packed.length - 1] = joined;
    else packed.push(line);
  }
  return packed.map((text) => ({ type: 'section', text: plain(text) }));
}
