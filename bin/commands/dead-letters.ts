import type { Command } from 'commander';
import type { DeadLetterView } from '#core/dead-letters.ts';
import { client } from '../client.ts';
import { columns, facts, moment } from '../layout.ts';
import { typed } from '../session.ts';
import { CommandError, EXIT, terminal } from '../terminal.ts';

const HELP = `
Replaying is safe twice: what was replayed is sent again only after it has died again, and a message that comes twice is done once.
Examples:
  npx signalbox dead-letters list
  npx signalbox dead-letters show dl_0m9x3k2ab0123456789ab
  npx signalbox dead-letters replay --all --queue Answers/Jira`;

interface Options {
  queue?: string;
  status?: string;
  limit?: string;
  cursor?: string;
  all?: boolean;
  platform?: boolean;
}

type Replayed = { id: string; queue: string; did: string };

/** `signalbox dead-letters`: what failed each time that it was tried, why, and sending it again. */
export function deadLetters(program: Command): void {
  const asked = () => {
    const { url, json } = program.opts();
    return { api: client(url), out: terminal(json) };
  };
  const command = program
    .command('dead-letters')
    .description('what failed each time that it was tried, why, and sending it again')
    .addHelpText('after', HELP);
  const added = (spelled: string, description: string) =>
    command
      .command(spelled)
      .description(description)
      .option('--platform', 'of messages that name no organization: for admins of the operator');
  added('list', 'newest first; kept for 90 days')
    .option('--queue <queue>', 'as the list calls it')
    .option('--status <status>', 'dead or replayed')
    .option('--limit <n>', 'so many, 100 at most', '25')
    .option('--cursor <cursor>', 'goes on where a list ended')
    .action(async ({ platform, ...filters }: Options) => {
      const { api, out } = asked();
      const found = await api.ask<{ deadLetters: DeadLetterView[]; cursor?: string }>(
        `/api/dead-letters?${new URLSearchParams({ ...(filters as object), ...of(platform) })}`,
      );
      out.result(found, () => list(found, api.url));
    });
  added('show <id>', 'one, with its message').action(async (id: string, { platform }: Options) => {
    const { api, out } = asked();
    const path = `/api/dead-letters/${encodeURIComponent(id)}?${new URLSearchParams(of(platform))}`;
    const { deadLetter } = await api.ask<{ deadLetter: DeadLetterView }>(path);
    out.result(deadLetter, () => one(deadLetter));
  });
  added('replay [id]', 'send one again, or all that are dead')
    .option('--all', 'all that are dead')
    .option('--queue <queue>', 'with --all: only those of this queue')
    .action(async (id: string | undefined, { all, queue, platform }: Options) => {
      if (Boolean(id) === Boolean(all)) throw new CommandError('Say which one, or --all', EXIT.usage);
      const { api, out } = asked();
      const replayed = await replay(api, id, { ...(queue && { queue }), ...of(platform) });
      out.result(replayed, () => columns(replayed.map((each) => [each.id, each.queue, each.did])) || NONE);
    });
}

const NONE = 'No dead letters.';

const of = (platform = false): Record<string, string> => (platform ? { of: 'platform' } : {});

async function replay(
  api: ReturnType<typeof client>,
  id: string | undefined,
  which: object,
): Promise<Replayed[]> {
  const all: Replayed[] = [];
  const path = `/api/dead-letters/${id ? `${encodeURIComponent(id)}/` : ''}replay`;
  for (let body: object | undefined = which; body; ) {
    const page: { replayed: Replayed[]; cursor?: string } = await api.ask(path, { method: 'POST', body });
    all.push(...page.replayed);
    body = page.cursor ? { ...which, cursor: page.cursor } : undefined;
  }
  return all;
}

function list({ deadLetters: all, cursor }: { deadLetters: DeadLetterView[]; cursor?: string }, url: string) {
  const rows = all.map(({ id, queue, status, attempts, diedAt, reason }) => [
    ...[id, queue, status, `${attempts} attempts`, moment(diedAt)],
    (reason?.message ?? 'not known why').replaceAll('\n', ' '),
  ]);
  const more = cursor ? `\nMore: ${typed(url, `dead-letters list --cursor ${cursor}`)}` : '';
  return (columns(rows) || NONE) + more;
}

function one(letter: DeadLetterView): string {
  const { id, queue, status, attempts, reason, sentAt, diedAt, replayedAt, replayedBy, body } = letter;
  const about = facts([
    ['id', id],
    ['queue', queue],
    ['status', status],
    ['attempts', String(attempts)],
    ['why', reason ? `${reason.code}: ${reason.message}` : 'not known'],
    ['last tried', reason && moment(reason.at)],
    ['sent', moment(sentAt)],
    ['filed', moment(diedAt)],
    ['replayed', replayedAt && `${moment(replayedAt)} by ${replayedBy}`],
  ]);
  return `${about}\n\n${body}`;
}
