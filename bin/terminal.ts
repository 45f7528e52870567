import pc from 'picocolors';
import { visible } from '#core/visible.ts';

/** What a command ends with: see `signalbox help` for the meaning of each. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  signedOut: 3,
  notFound: 4,
  unreachable: 5,
  later: 6,
  interrupted: 130,
} as const;

/** Everything the command line says: human text, or one JSON value with `--json` and nothing else. */
export interface Terminal {
  json: boolean;
  /** For people only; silent with `--json`. */
  say(text: string): void;
  /** The command's result. */
  result(value: unknown, text: () => string): void;
}

/** Colour follows NO_COLOR and whether standard output is a terminal. */
export function terminal(json: boolean): Terminal {
  return {
    json,
    say: (text) => {
      if (!json) process.stdout.write(`${shown(text)}\n`);
    },
    result: (value, text) =>
      process.stdout.write(json ? `${JSON.stringify(value, null, 2)}\n` : `${shown(text())}\n`),
  };
}

/** Our own colours, which may stay; tickets and logs are written by strangers, and a terminal obeys what it is shown. */
const COLOUR = new RegExp(`(${String.fromCharCode(27)}\\[(?:[0124]|2[24]|3[1-9]|90)m)`);

/** Text for a terminal: every other character that would steer it, or deceive the eye, is written out. */
export function shown(text: string): string {
  return text
    .split(COLOUR)
    .map((part, index) => (index % 2 ? part : visible(part)))
    .join('');
}

/** A failure with words for the person at the keyboard and the code to end with. */
export class CommandError extends Error {
  readonly exit: number;

  constructor(message: string, exit: number = EXIT.failed) {
    super(message);
    this.name = 'CommandError';
    this.exit = exit;
  }
}

const TONES: Record<string, (text: string) => string> = {
  merged: pc.green,
  in_review: pc.green,
  answered: pc.green,
  awaiting_approval: pc.yellow,
  escalated: pc.yellow,
  declined: pc.yellow,
  failed: pc.red,
};

/** A status in the colour of whether somebody has to act. */
export function tone(status: string): string {
  return (TONES[status] ?? pc.cyan)(status.replaceAll('_', ' '));
}

/** Nano-dollars as dollars and cents. */
export function money(nanoUsd: number): string {
  return nanoUsd > 0 && nanoUsd < 10_000_000 ? 'under $0.01' : `$${(nanoUsd / 1e9).toFixed(2)}`;
}
