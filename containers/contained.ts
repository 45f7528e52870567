import * as z from 'zod';
import { HostPattern, MIRRORS } from '#core/agents/egress.ts';
import { Fault } from '#core/fault.ts';
import type { Repository } from '#core/projects/project.ts';
import { distrust } from '#core/projects/trust.ts';
import type { Ticket } from '#core/tickets/ticket.ts';
import type { Denial } from './egress/proxy.ts';
import { type Hands, hands } from './hands.ts';

/** What an operator may set for all tasks. */
const Settings = z.object({
  /** Instead of PyPI's hosts: names, with commas. */
  PACKAGE_MIRRORS: z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(HostPattern))
    .default(MIRRORS),
  /** Work that nobody trusts runs even where it could steal something. */
  UNSANDBOXED: z.stringbool().default(false),
});

export interface Work {
  /** One that every user may enter. */
  folder: string;
  repository: Repository;
  /** Whoever asked for it; nobody when the platform itself did. */
  reporter?: Ticket['reporter'];
  /** Tells people what was refused. */
  say(text: string, level: 'warn'): Promise<void>;
}

/** Hands for a repository. Throws `Forbidden`, in words for people, when it may not run on such a machine. */
export async function contained({ folder, repository, reporter, say }: Work): Promise<Hands> {
  const { PACKAGE_MIRRORS: mirrors, UNSANDBOXED: isAllowed } = Settings.parse(process.env);
  const hosts = [...mirrors, ...(repository.hosts ?? [])];
  const made = await hands(folder, { hosts, onDenied: once(say) });
  const why = distrust(repository, reporter);
  const lacks = lacking(made);
  if (!why || !lacks || isAllowed) return made;
  await made.close();
  throw new Fault('Forbidden', `${why}, and ${lacks}. ${ADVICE}`);
}

const ADVICE =
  'If its code may run there, a lead marks it: signalbox projects add … --trusted. If not, docs/operating.md says how to deploy the strict profile';

/** What a machine does not keep commands from; nothing where they can neither read nor reach a credential. */
function lacking({ isolated, fenced }: Hands): string | undefined {
  if (!isolated)
    return 'where this task runs there is no second user for commands, so they could read its credentials';
  return fenced
    ? undefined
    : 'where this task runs commands cannot be kept off the network, so they could ask it for credentials';
}

const MOST_LINES = 20;

/** Each refusal once, and not without end: what is refused can ask as often as it likes. */
function once(say: Work['say']): (denial: Denial) => void {
  const told = new Set<string>();
  return ({ to, why }) => {
    const text = `a command was refused a connection to ${to}: ${why}`;
    if (told.has(text) || told.size > MOST_LINES) return;
    told.add(text);
    const isLast = told.size > MOST_LINES;
    say(isLast ? 'commands were refused more connections than are listed here' : text, 'warn').catch(() => {
      // The refusal stands, whether or not people could be told.
    });
  };
}
