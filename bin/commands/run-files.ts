import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Command } from 'commander';
import { parseJournal } from '#core/agents/journal.ts';
import { type Played, played } from '#core/agents/played.ts';
import { Fault } from '#core/fault.ts';
import type { Client } from '../client.ts';
import { columns, timeOfDay } from '../layout.ts';
import { CommandError, EXIT, type Terminal } from '../terminal.ts';

type Asked = () => { api: Client; out: Terminal };

interface Round {
  /** From 1 on, and what the conversation is called. */
  number: number;
  name: string;
  lines: Played[];
}

export function replayCommand(command: Command, asked: Asked): void {
  command
    .command('replay')
    .description(
      "steps through a run's conversations, and checks them: every line's chain, every request's bytes",
    )
    .argument('<run>', 'its id')
    .option('--round <number>', 'one of its conversations: after a refused verification there is another')
    .option(
      '--at <line>',
      'the whole conversation as it stood at this line; of the last round, if none is named',
    )
    .action(async (id: string, { at, round }: { at?: string; round?: string }) => {
      const { api, out } = asked();
      const rounds = await roundsOf(api, id, { round, isLast: at !== undefined });
      if (at) {
        const [{ lines = [] } = {}] = rounds;
        const shown = lines.filter(({ seq }) => seq === Number(at));
        if (shown.length === 0)
          throw new CommandError(`The journal has lines 1 to ${lines.length}`, EXIT.usage);
        out.result(shown, () => shown.map(({ messages }) => JSON.stringify(messages, null, 2)).join('\n'));
      } else out.result(rounds.flatMap(plain), () => rounds.map(listed).join('\n\n'));
      if (rounds.some(({ lines }) => lines.some(({ isTrue }) => !isTrue))) process.exitCode = EXIT.failed;
    });
}

export function patchCommand(command: Command, asked: Asked): void {
  command
    .command('patch')
    .description('what a run has changed, as a patch for git am: unfinished where a limit ended it')
    .argument('<run>', 'its id')
    .option('--out <file>', 'where to write it; by default under its own name, here')
    .action(async (id: string, { out: file }: { out?: string }) => {
      const { api, out } = asked();
      const parts = await all<{ name: string; isPartial: boolean; isVerified: boolean; base64: string }>(
        (part) => api.ask(`/api/runs/${encodeURIComponent(id)}/patch?part=${part}`),
      );
      const [{ name = '', isPartial = false, isVerified = false } = {}] = parts;
      const path = file ?? basename(name);
      writeFileSync(path, Buffer.concat(parts.map(({ base64 }) => Buffer.from(base64, 'base64'))));
      const what = `${isPartial ? 'An unfinished change' : 'The change'}, ${isVerified ? 'verified' : 'not verified'}`;
      out.result({ path, isPartial, isVerified }, () => `${what}: ${path}`);
    });
}

/** Every conversation, or the one that is asked for. */
async function roundsOf(
  api: Client,
  id: string,
  { round, isLast }: { round: string | undefined; isLast: boolean },
): Promise<Round[]> {
  const one = async (wanted: number | string | undefined) => {
    const which = wanted === undefined ? '' : `&round=${encodeURIComponent(wanted)}`;
    const parts = await all<{ text: string; round?: string; rounds?: number }>((part) =>
      api.ask(`/api/runs/${encodeURIComponent(id)}/journal?part=${part}${which}`),
    );
    const [{ round: name = '', rounds = 1 } = {}] = parts;
    const lines = replayed(parts.map(({ text }) => text).join(''));
    return { number: Number(wanted ?? rounds), name, lines };
  };
  const last = await one(round);
  if (round || isLast) return [last];
  const earlier = Array.from({ length: last.number - 1 }, (_, at) => one(at + 1));
  return [...(await Promise.all(earlier)), last];
}

/** Every part of something that comes in several. */
async function all<T>(ask: (part: number) => Promise<T & { next?: number }>): Promise<T[]> {
  const found: T[] = [];
  for (let part: number | undefined = 0; part !== undefined; ) {
    const answer: T & { next?: number } = await ask(part);
    found.push(answer);
    part = answer.next;
  }
  return found;
}

function replayed(text: string): Played[] {
  try {
    return played(parseJournal(text).lines);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw new CommandError(error.message, EXIT.failed);
  }
}

function plain({ number: round, lines }: Round) {
  return lines.map(({ messages: _, ...line }) => ({ round, ...line }));
}

function listed({ number, name, lines }: Round): string {
  const rows = lines.map(({ seq, at, type, says, isTrue }) => [
    String(seq),
    timeOfDay(at),
    type,
    isTrue ? says : `NOT THE BYTES THAT WERE SENT. ${says}`,
  ]);
  return `Round ${number}, ${name}\n${columns(rows)}`;
}
