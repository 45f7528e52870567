/** Words of the platform, and of people through it. Its brief alone tells a conversation the mark, so nobody else can make them. */
export function marked(mark: string, text: string): string {
  return `[Signalbox ${mark}] ${text}`;
}

/** Text from outside, without the mark if it should have learnt it. */
export function unmarked(mark: string, text: string): string {
  return text.replaceAll(new RegExp(mark, 'gi'), '(a mark that is not yours)');
}
