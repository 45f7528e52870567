import type { Command } from 'commander';
import { type Client, client } from '../client.ts';
import { ask, canAsk } from '../prompt.ts';
import { keepToken, tokenFor, typed } from '../session.ts';
import { CommandError, EXIT, terminal } from '../terminal.ts';

const LOGIN_HELP = `
Examples:
  npx signalbox login --email lead@demo.example
  npx signalbox login --email lead@demo.example --code ABCD-1234

Locally the code arrives on the mailbox page that npm start names.`;

const TOKEN_HELP = `
The session counts as a bearer token for the REST API, for as long as it lasts. Keep it out of arguments, which others on
this machine can read:
  echo "authorization: Bearer $(npx signalbox token)" | curl -H @- http://localhost:4600/api/issues`;

/** `signalbox login`: a code by e-mail becomes a session kept for this user on this machine. */
export function login(program: Command): void {
  program
    .command('login')
    .description('sign in with a code sent by e-mail')
    .requiredOption('--email <address>', 'your e-mail address')
    .option('--code <code>', 'the code, if you already have one')
    .addHelpText('after', LOGIN_HELP)
    .action(async ({ email, code }: { email: string; code?: string }) => {
      const { url, json } = program.opts();
      const api = client(url);
      const said = code ?? (await asked(api, email, json));
      const { token } = await api.ask<{ token: string }>('/auth/session', {
        method: 'POST',
        body: { email, code: said, client: 'cli' },
      });
      keepToken(api.url, token);
      terminal(json).result({ email, url: api.url }, () => `Signed in at ${api.url} as ${email}.`);
    });
}

/** `signalbox token`: the session that `login` kept, for programs that speak to the API themselves. */
export function token(program: Command): void {
  program
    .command('token')
    .description('print the session that login kept, for curl and the like')
    .addHelpText('after', TOKEN_HELP)
    .action(() => {
      const { url, json } = program.opts();
      const api = client(url);
      const kept = tokenFor(api.url);
      if (!kept)
        throw new CommandError(
          `Not signed in at ${api.url}. Sign in with:\n  ${typed(api.url, 'login --email YOU')}`,
          EXIT.signedOut,
        );
      terminal(json).result({ url: api.url, token: kept }, () => kept);
    });
}

async function asked(api: Client, email: string, json: boolean): Promise<string> {
  await api.ask('/auth/code', { method: 'POST', body: { email } });
  const sent = `If ${email} is known here, a code is on its way (locally: to the mailbox page).`;
  if (!canAsk(json))
    throw new CommandError(
      `${sent} Then:\n  ${typed(api.url, `login --email ${email} --code CODE`)}`,
      EXIT.signedOut,
    );
  return ask(`${sent}\nCode: `);
}
