import type { Command } from 'commander';
import { keysOf } from '#adapters/anthropic/providers.ts';
import { recorder } from '#adapters/anthropic/record.ts';
import { routeOf } from '#core/agents/roles.ts';
import { probed, rolesNamed } from '../probing.ts';
import { CommandError, EXIT, terminal } from '../terminal.ts';

const HELP = `
What a probe says and hears, one file per exchange: without headers, keys, and names of accounts and people; what cannot be cleaned is
not written. The scripted model plays it again, until it expires.
Example:
  SIGNALBOX_MODEL_KEY=… npx signalbox models record cassettes --role engineer`;

interface Options {
  baseUrl: string;
  role?: string;
  days: string;
}

interface Recorded {
  role: string;
  route: string;
  files: string[];
  refused: string[];
}

/** `signalbox models record FOLDER`: real answers for tests without a network. */
export function recordModels(models: Command, json: () => boolean): void {
  models
    .command('record')
    .description('keep what real models say to the probe, redacted, to be played again')
    .argument('<folder>', 'where to; made when missing')
    .option('--base-url <url>', "where Anthropic's API is", 'https://api.anthropic.com')
    .option('--role <role>', 'only this one')
    .option('--days <n>', 'until it is too old to be played', '90')
    .addHelpText('after', HELP)
    .action(async (folder: string, { baseUrl, role, days }: Options) => {
      const apiKey = process.env.SIGNALBOX_MODEL_KEY;
      if (!apiKey)
        throw new CommandError('SIGNALBOX_MODEL_KEY is not set; there is nobody to record', EXIT.usage);
      if (!(Number(days) > 0)) throw new CommandError(`${days} is no number of days`, EXIT.usage);
      const recorded: Recorded[] = [];
      for (const name of rolesNamed(role)) {
        const secrets = Object.values(keysOf(apiKey)).filter((one) => one !== undefined);
        const tape = recorder({ folder, name, secrets, now: new Date(), days: Number(days) });
        await probed(name, { apiKey, baseUrl, onWire: [tape.middleware] });
        recorded.push({ role: name, route: routeOf(name), ...(await tape.done()) });
      }
      terminal(json()).result({ recorded }, () => recorded.map(text).join('\n'));
      if (recorded.some(({ refused }) => refused.length > 0)) process.exitCode = EXIT.failed;
    });
}

function text({ role, route, files, refused }: Recorded): string {
  return [
    `${role}: ${route}, ${files.length} exchanges`,
    ...refused.map((why) => `  not written: ${why}`),
  ].join('\n');
}
