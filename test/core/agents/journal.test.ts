import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Conversation, conversation, follow, replay } from '#core/agents/conversation.ts';
import { type Entry, parseJournal, requestHash, START, written } from '#core/agents/journal.ts';
import type { Block, Message, Stop } from '#core/agents/model.ts';

const AT = '2026-11-20T10:00:00.000Z';

/** One run, live: what it wrote, every request as it was sent, and the state at its end. */
interface Live {
  entries: Entry[];
  requests: string[];
  state: Conversation;
}

/** Plays a run whose every turn is decided by the next number. */
function live(numbers: readonly number[]): Live {
  const run: Live = { entries: [], requests: [], state: conversation() };
  let next = 0;
  const pick = (most: number) => (numbers[next++ % numbers.length] ?? 0) % most;
  const perhaps = (entry: Entry) => pick(4) === 0 && add(entry);
  add({ type: 'note', kind: 'brief', text: 'Mend it' });
  while (next < numbers.length) {
    perhaps(message());
    if (run.state.messages.at(-1)?.role === 'assistant' && run.state.stop !== 'pause_turn') add(message());
    send();
    perhaps(message());
    if (pick(4) === 0) send('restart');
    add({
      type: 'response',
      reply: { content: said(pick(4)), stop: stops[pick(4)] as Stop, nanoUsd: pick(50), tokens: pick(50) },
    });
    for (const { id, name } of [...run.state.open]) {
      perhaps(message());
      add({ type: 'tool_intent', call: id, name });
      perhaps({ type: 'checkpoint', tree: `t${next}`, patch: '', isVerified: pick(2) === 0 });
      add({ type: 'tool_result', call: id, text: pick(3) ? `result ${next}` : '', isError: pick(2) === 0 });
    }
  }
  return run;

  function add(entry: Entry): void {
    run.entries.push(entry);
    follow(run.state, entry);
  }

  function message(): Entry {
    return { type: 'note', kind: 'message', text: `message ${next}`, id: String(next) };
  }

  function send(because?: string): void {
    run.requests.push(JSON.stringify(run.state.messages));
    add({ type: 'request_intent', hash: requestHash(run.state.messages), maxTokens: 100, because });
  }

  function said(calls: number): Block[] {
    const uses = Array.from({ length: calls }, (_, index) => ({
      ...{ type: 'tool_use' as const, id: `call_${next}_${index}`, name: 'bash', input: { command: 'true' } },
    }));
    return [{ type: 'thinking', thinking: '', signature: `s${next}` }, ...uses];
  }
}

const stops = ['tool_use', 'end_turn', 'pause_turn', 'max_tokens'];

function textOf(entries: readonly Entry[]): string {
  let tip = START;
  return entries
    .map((entry) => {
      const line = written(entry, tip, AT);
      tip = line.tip;
      return line.text;
    })
    .join('');
}

const runs = fc.array(fc.nat(1_000), { minLength: 3, maxLength: 120 }).map(live);

/** What follows the messages of the request before, which must be the beginning of this one. */
function isPrefix(before: Message[], now: Message[]): boolean {
  return JSON.stringify(now.slice(0, before.length)) === JSON.stringify(before);
}

describe('a journal', () => {
  it('replays to the very state of the live run, whatever happened in it', () => {
    fc.assert(
      fc.property(runs, ({ entries, state }) => {
        expect(JSON.stringify(replay(parseJournal(textOf(entries)).lines))).toBe(JSON.stringify(state));
      }),
    );
  });

  it('replays, up to any request, to the bytes that were sent', () => {
    fc.assert(
      fc.property(runs, ({ entries, requests }) => {
        const sent = entries.flatMap((entry, index) =>
          entry.type === 'request_intent' ? [JSON.stringify(replay(entries.slice(0, index)).messages)] : [],
        );
        expect(sent).toEqual(requests);
      }),
    );
  });

  it('only ever appends to what was sent', () => {
    fc.assert(
      fc.property(runs, ({ requests }) => {
        const all = requests.map((one) => JSON.parse(one) as Message[]);
        expect(all.every((now, index) => index === 0 || isPrefix(all[index - 1] ?? [], now))).toBe(true);
      }),
    );
  });

  it('answers every call once, in the next message, with nothing after the results', () => {
    fc.assert(
      fc.property(runs, ({ requests }) => {
        const messages = JSON.parse(requests.at(-1) ?? '[]') as Message[];
        for (const [index, { role, content }] of messages.entries()) {
          const calls = content.flatMap((block) => (block.type === 'tool_use' ? [block.id] : []));
          if (role !== 'assistant' || calls.length === 0) continue;
          const answers = messages[index + 1]?.content ?? [];
          expect(answers.map((one) => (one.type === 'tool_result' ? one.tool_use_id : one.type))).toEqual(
            calls,
          );
        }
      }),
    );
  });

  it('drops a torn last line, wherever it was torn', () => {
    const text = textOf(live([1, 2, 3, 4, 5, 6, 7, 8]).entries);
    const whole = parseJournal(text).lines;
    const start = text.trimEnd().lastIndexOf('\n') + 1;

    for (let cut = start; cut < text.length; cut++)
      expect(parseJournal(text.slice(0, cut)).lines).toEqual(whole.slice(0, -1));
  });

  it.each([
    ['a changed time', (lines: string[]) => lines.with(1, (lines[1] ?? '').replace('2026', '2027')), 3],
    ['a changed fact', (lines: string[]) => lines.with(0, (lines[0] ?? '').replace('Mend', 'Break')), 2],
    ['a missing line', (lines: string[]) => lines.toSpliced(1, 1), 2],
    ['a line twice', (lines: string[]) => lines.toSpliced(1, 0, lines[0] ?? ''), 2],
    ['a line that is none', (lines: string[]) => lines.with(2, '\0\0\0'), 3],
  ])('is refused with %s', (_, harm, at) => {
    const lines = textOf(live([1, 2, 3, 4, 5, 6, 7, 8]).entries)
      .trimEnd()
      .split('\n');

    expect(() => parseJournal(`${harm(lines).join('\n')}\n`)).toThrow(`broken at line ${at}`);
  });

  it('counts the requests of which a crash left nothing', () => {
    const intent = { type: 'request_intent', hash: 'h', maxTokens: 1 } as const;
    const entries: Entry[] = [
      { type: 'note', kind: 'brief', text: 'Mend it' },
      intent,
      { ...intent, because: 'the stream broke off' },
      { ...intent, because: 'restart' },
    ];

    expect(replay(entries)).toMatchObject({ unknown: 1, sent: 3 });
  });

  it('knows which call was begun and not ended', () => {
    const content: Block[] = [{ type: 'tool_use', id: 'call_1', name: 'bash', input: {} }];
    const entries: Entry[] = [
      { type: 'response', reply: { content, stop: 'tool_use', nanoUsd: 7, tokens: 0 } },
      { type: 'tool_intent', call: 'call_1', name: 'bash' },
    ];

    expect(replay(entries)).toMatchObject({ begun: 'call_1', open: content, spent: 7 });
  });
});
