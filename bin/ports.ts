import { CommandError, EXIT } from './terminal.ts';

/** Five ports in a row, or any five free ones for 0. Throws for what is no port. */
export function portsFrom(text: string) {
  const first = Number(text);
  if (text.trim() === '' || !Number.isInteger(first) || first < 0 || first > 65_531)
    throw new CommandError(
      `--port ${text}: a number from 1 to 65531, or 0 for any that are free`,
      EXIT.usage,
    );
  const port = (offset: number) => (first === 0 ? 0 : first + offset);
  return { product: port(0), aws: port(1), forge: port(2), mailbox: port(3), model: port(4) };
}
