import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { FOREIGN } from './request.ts';

const Block = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('text'), text: z.string() }),
  z.strictObject({
    type: z.literal('thinking'),
    thinking: z.string(),
    /** As some providers send it: nobody can send it back. */
    unsigned: z.boolean().optional(),
  }),
  z.strictObject({ type: z.literal('tool_use'), name: z.string(), input: z.record(z.string(), z.unknown()) }),
  z.looseObject({ type: z.enum(FOREIGN) }),
]);
export type ScriptBlock = z.infer<typeof Block>;

/** Something that goes wrong, for the first `attempts` attempts at a turn (the SDK numbers them); always without. */
const Trouble = z.strictObject({
  attempts: z.int().positive().optional(),
  /** Answers this HTTP status with an error body. */
  status: z.int().min(400).optional(),
  message: z.string().optional(),
  headers: z.record(z.string(), z.string()).optional(),
  /** Falls silent, or breaks the connection, at this point of the answer; `pings` goes on with nothing else. */
  stall: z.enum(['headers', 'start', 'content', 'input', 'pings']).optional(),
  drop: z.enum(['headers', 'start', 'content', 'input', 'end']).optional(),
  /** Sends an `error` event after the first content. */
  event: z.string().optional(),
  /** Writes the stream in pieces of so many bytes. */
  drip: z.int().positive().optional(),
  /** Ends lines as some proxies do. */
  crlf: z.boolean().optional(),
  /** Breaks a call's input off and goes on as if it were whole, as the limit of an answer does. */
  cut: z.boolean().optional(),
  /** Reports what was used more than once; each report holds the ones before. */
  reports: z.boolean().optional(),
});
export type Trouble = z.infer<typeof Trouble>;

const Turn = z.strictObject({
  /** Texts that the last tool result must contain, so that a script claims nothing that did not happen. */
  expect: z.array(z.string()).default([]),
  content: z.array(Block).optional(),
  /** Said once more when the answer is that a restart interrupted it: for calls that may be made twice. */
  repeats: z.boolean().default(false),
  /** The structured output as a value, said after `content`. */
  json: z.unknown().optional(),
  stop_reason: z.string().optional(),
  /** Uses a tool that nobody offered, as models do. */
  invents: z.boolean().default(false),
  /** In place of what is counted; `cost` and `iterations` as some answers have them. */
  usage: z.record(z.string(), z.unknown()).optional(),
  trouble: Trouble.optional(),
});
export type ScriptTurn = z.infer<typeof Turn>;

const Script = z.strictObject({
  match: z.strictObject({
    /** A regular expression for the model's id. */
    model: z.string().default('.'),
    /** Texts that the system prompt, and the first user message, must contain. */
    system: z.array(z.string()).default([]),
    user: z.array(z.string()).default([]),
    /** Name → regular expression; its first group, found in the first user message or else the system prompt. */
    captures: z.record(z.string(), z.string()).default({}),
  }),
  turns: z.array(Turn).min(1),
});
export type Script = z.infer<typeof Script> & { name: string };

/** The scripts in a folder's `.json` files, in the order of their names. Throws naming the file that is none. */
export function loadScripts(folder: string): Script[] {
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  return files.sort().map((name) => {
    const { success, data, error } = Script.safeParse(JSON.parse(readFileSync(join(folder, name), 'utf8')));
    if (!success) throw new Error(`${name} is not a script: ${z.prettifyError(error)}`);
    return { name, ...data };
  });
}
