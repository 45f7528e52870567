import type { Command } from 'commander';
import pc from 'picocolors';
import { isAcceptable, readPolicy } from '#core/policy/read.ts';
import { client } from '../client.ts';
import { columns, moment } from '../layout.ts';
import { textOf } from '../policy-files.ts';
import { listed } from '../policy-text.ts';
import { CommandError, terminal } from '../terminal.ts';

interface Active {
  version: number;
  hash: string;
  text: string;
}

interface Proposed {
  action_id: string;
  status: string;
  policy: { rule: string; over: { fact: string; value: string; limit: string }[] };
  replayed: number;
  looser: string[];
}

/** `signalbox policy show|activate|freeze|unfreeze`: the policy that holds, asking for another, and the brake. */
export function activePolicy(command: Command, program: Command): void {
  const asked = () => {
    const { url, json } = program.opts();
    return { url, api: client(url), out: terminal(json) };
  };
  command
    .command('show')
    .description('the policy that holds now, as a file to go on from')
    .action(async () => {
      const { api, out } = asked();
      const active = await api.ask<Active>('/v1/policy');
      out.result(active, () => `# version ${active.version}, ${active.hash}\n${active.text.trimEnd()}`);
    });
  command
    .command('activate')
    .description('ask for a policy to take the place of the one that holds; others must approve it')
    .argument('<file>')
    .action(async (file: string) => {
      const { api, out, url } = asked();
      const text = textOf(file);
      const read = readPolicy(text);
      if (!isAcceptable(read)) throw new CommandError(listed(file, read.problems).join('\n'));
      const made = await api.ask<Proposed>('/v1/policy', { method: 'POST', body: { text } });
      out.result(made, () => inWords(made, url));
    });
  command
    .command('freeze')
    .description('stop everything that happens without people, and every link that was sent, at once')
    .argument('<reason>')
    .action(async (reason: string) => {
      const { api, out } = asked();
      const frozen = await api.ask<{ since: string }>('/v1/freeze', { method: 'POST', body: { reason } });
      out.result(frozen, () => `Nothing happens without people since ${moment(frozen.since)}.`);
    });
  command
    .command('unfreeze')
    .description('ask for the end of a freeze; others must approve it')
    .argument('<reason>')
    .action(async (reason: string) => {
      const { api, out, url } = asked();
      const made = await api.ask<Proposed>('/v1/freeze', { method: 'DELETE', body: { reason } });
      out.result(made, () => nextFor(made, url));
    });
}

function inWords(made: Proposed, url: string): string {
  const { replayed, looser } = made;
  const tried = `Tried on ${replayed} actions of the last 30 days: ${
    looser.length > 0 ? pc.yellow(`looser about ${looser.length}`) : 'looser about none'
  }.`;
  return [tried, columns(looser.map((one) => [`  ${one}`])), nextFor(made, url)].filter(Boolean).join('\n');
}

function nextFor({ action_id: id, status, policy }: Proposed, url: string): string {
  if (status === 'PENDING') return `It holds once it is approved: ${new URL(`/a/${id}`, url).href}`;
  const why = policy.over.map(({ fact, value, limit }) => `${fact}: ${value}, ${limit}`).join('; ');
  return `It is ${status.toLowerCase().replaceAll('_', ' ')} by ${policy.rule}${why ? ` (${why})` : ''}.`;
}
