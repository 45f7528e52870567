import type { Command } from 'commander';
import { milliseconds } from '#core/duration.ts';
import type { KeptDelivery } from '#core/ports.ts';
import { client } from '../client.ts';
import { columns, facts, moment } from '../layout.ts';
import { typed } from '../session.ts';
import { CommandError, EXIT, terminal } from '../terminal.ts';

const HELP = `
Examples:
  npx signalbox deliveries list --outcome malformed
  npx signalbox deliveries show github 72d3162e-cc78-11e3-81ab-4c9367dc0958
  npx signalbox deliveries replay github 72d3162e-cc78-11e3-81ab-4c9367dc0958
  npx signalbox deliveries replay --outcome malformed
  npx signalbox deliveries repair --since 3d`;

interface Filters {
  source?: string;
  outcome?: string;
  limit?: string;
  cursor?: string;
}

interface Replayed {
  source: string;
  id: string;
  outcome: string;
  ticketId?: string;
  why?: string;
}

/** `signalbox deliveries`: what came in, what became of it, and reading it again after a fix. */
export function deliveries(program: Command): void {
  const asked = () => {
    const { url, json } = program.opts();
    return { api: client(url), out: terminal(json) };
  };
  const command = program
    .command('deliveries')
    .description('what sources have sent, and what became of it')
    .addHelpText('after', HELP);
  command
    .command('list')
    .description('newest first; kept for 30 days')
    .option('--source <source>', 'github, jira, slack, erp, hotglue or rest')
    .option('--outcome <outcome>', 'ticket, update, stale, early, known, event, ignored or malformed')
    .option('--limit <n>', 'so many, 100 at most', '25')
    .option('--cursor <cursor>', 'goes on where a list ended')
    .action(async (filters: Filters) => {
      const { api, out } = asked();
      const found = await api.ask<{ deliveries: KeptDelivery[]; cursor?: string }>(
        `/api/deliveries?${new URLSearchParams(Object.entries(filters))}`,
      );
      out.result(found, () => list(found, api.url));
    });
  command
    .command('show')
    .description('one, with its headers and body')
    .argument('<source>')
    .argument('<id>')
    .action(async (source: string, id: string) => {
      const { api, out } = asked();
      const found = await api.ask<KeptDelivery & { body: string }>(
        `/api/deliveries?${new URLSearchParams({ source, id })}`,
      );
      out.result(found, () => one(found));
    });
  replayCommand(command, asked);
  repairCommand(command, asked);
}

function replayCommand(
  command: Command,
  asked: () => { api: ReturnType<typeof client>; out: ReturnType<typeof terminal> },
): void {
  command
    .command('replay')
    .description('read one again, or all that nothing followed from; nothing is done twice')
    .argument('[source]')
    .argument('[id]')
    .option('--outcome <outcome>', 'all that were malformed, ignored or an event')
    .action(async (source: string | undefined, id: string | undefined, { outcome }: Filters) => {
      if (!outcome && !(source && id))
        throw new CommandError('Say which one, as SOURCE ID, or all by --outcome malformed', EXIT.usage);
      const { api, out } = asked();
      const all: Replayed[] = [];
      let body: object | undefined = outcome ? { outcome, ...(source && { source }) } : { source, id };
      while (body) {
        const { replayed, cursor }: { replayed: Replayed[]; cursor?: string } = await api.ask(
          '/api/deliveries/replay',
          { method: 'POST', body },
        );
        all.push(...replayed);
        body = cursor ? { ...body, cursor } : undefined;
      }
      out.result(all, () => columns(all.map(row)) || 'Nothing to replay.');
    });
}

interface Repaired {
  webhooks: number;
  gaps: { hook: string; guid: string; event: string; at: string; did: string }[];
  isWhole: boolean;
}

/** Requests of half a minute each: a repair that takes more is asked for again, by a person. */
const MOST_LOOKS = 20;

function repairCommand(
  command: Command,
  asked: () => { api: ReturnType<typeof client>; out: ReturnType<typeof terminal> },
): void {
  command
    .command('repair')
    .description('have GitHub send again what never came; done every hour for the last three')
    .option('--since <duration>', 'so far back, 3d at most', '24h')
    .action(async ({ since }: { since: string }) => {
      const { api, out } = asked();
      const found = await repair(api, hoursOf(since));
      out.result(found, () => repaired(found));
      if (!found.isWhole) process.exitCode = EXIT.later;
    });
}

function hoursOf(since: string): number {
  try {
    const hours = milliseconds(since) / 3_600_000;
    if (hours <= 72) return hours;
  } catch {
    // Said below.
  }
  throw new CommandError(`--since ${since}: like 90m, 24h or 3d, and 3d at most`, EXIT.usage);
}

async function repair(api: ReturnType<typeof client>, hours: number): Promise<Repaired> {
  const gaps = new Map<string, Repaired['gaps'][number]>();
  for (let look = 1; ; look += 1) {
    const found = await api.ask<Repaired>('/api/deliveries/repair', { method: 'POST', body: { hours } });
    for (const gap of found.gaps) gaps.set(gap.guid, gap);
    const isLater = found.gaps.some(({ did }) => did === 'left for later');
    if (found.isWhole || isLater || look === MOST_LOOKS) return { ...found, gaps: [...gaps.values()] };
  }
}

function repaired({ webhooks, gaps, isWhole }: Repaired): string {
  if (webhooks === 0) return 'No webhook here that GitHub lets us look at: see signalbox connect github.';
  const rows = gaps.map(({ at, hook, event, guid, did }) => [moment(at), hook, event, guid, did]);
  const more = isWhole ? '' : '\nGitHub wants to be asked later: run it again in an hour.';
  return (columns(rows) || 'Nothing is missing.') + more;
}

function list(
  { deliveries: all, cursor }: { deliveries: KeptDelivery[]; cursor?: string },
  url: string,
): string {
  const rows = all.map((each) => [moment(each.receivedAt), ...row(each)]);
  const more = cursor ? `\nMore: ${typed(url, `deliveries list --cursor ${cursor}`)}` : '';
  return (columns(rows) || 'No deliveries.') + more;
}

function row({ source, id, outcome, ticketId, why }: Replayed): string[] {
  return [source, id, outcome, ticketId ?? '', (why ?? '').replaceAll('\n', ' ')];
}

function one({
  source,
  id,
  outcome,
  why,
  ticketId,
  receivedAt,
  headers,
  body,
}: KeptDelivery & { body: string }) {
  const about = facts([
    ['source', source],
    ['id', id],
    ['outcome', outcome],
    ['why', why],
    ['ticket', ticketId],
    ['received', moment(receivedAt)],
    ...Object.entries(headers).map(([name, value]): [string, string] => [name, value]),
  ]);
  return `${about}\n\n${Buffer.from(body, 'base64').toString('utf8')}`;
}
