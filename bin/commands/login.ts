import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { client } from '../client.ts';
import { keepToken } from '../session.ts';
import { CommandError, EXIT, terminal } from '../terminal.ts';

/** `signalbox login`: a code by e-mail becomes a session kept for this user on this machine. */
export function login(program: Command): void {
  program
    .command('login')
    .description('sign in with a code sent by e-mail')
    .requiredOption('--email <address>', 'your e-mail address')
    .option('--code <code>', 'the code, if you already have one')
    .action(async ({ email, code }: { email: string; code?: string }) => {
      const { url, json } = program.opts();
      const out = terminal(json);
      const api = client(url);
      const said = code ?? (await asked(api, email, out.json));
      const { token } = await api.ask<{ token: string }>('/auth/session', {
        method: 'POST',
        body: { email, code: said, client: 'cli' },
      });
      keepToken(url, token);
      out.result({ email, url }, () => `Signed in at ${url} as ${email}.`);
    });
}

async function asked(api: ReturnType<typeof client>, email: string, json: boolean): Promise<string> {
  await api.ask('/auth/code', { method: 'POST', body: { email } });
  if (json || !process.stdin.isTTY) {
    throw new CommandError(`A code is on its way to ${email}. Run again with --code CODE`, EXIT.signedOut);
  }
  const prompt = createInterface({ input: process.stdin, output: process.stdout });
  const code = await prompt.question(`A code is on its way to ${email} (locally: the mailbox page). Code: `);
  prompt.close();
  return code.trim();
}
