import { networkInterfaces } from 'node:os';
import * as z from 'zod';
import { startTask } from '#adapters/aws/tasks.ts';
import { HostPattern, MIRRORS } from '#core/agents/egress.ts';
import { Fault } from '#core/fault.ts';
import type { Repository } from '#core/projects/project.ts';
import { distrust } from '#core/projects/trust.ts';
import type { Ticket } from '#core/tickets/ticket.ts';
import type { Caps, Carried, Denial } from './egress/proxy.ts';
import { reception } from './hands/remote.ts';
import { type Hands, hands, type Policy } from './hands.ts';

/** Of the strict profile: the task that has the hands, and how it finds us. */
const Elsewhere = z.object({
  HANDS_CLUSTER: z.string(),
  HANDS_TASK: z.string(),
  HANDS_SUBNETS: z.string().transform((text) => text.split(',')),
  HANDS_SECURITY_GROUP: z.string(),
  HANDS_PORT: z.coerce.number().int(),
});

/** What an operator may set for all tasks. */
const Settings = z.object({
  HANDS_TASK: z.string().optional(),
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
  /** Aborted when hands that are waited for are not wanted any more. */
  signal?: AbortSignal;
  /** Where commands may carry less or more than usual. */
  caps?: Partial<Caps>;
  /** Told of every command that ends. */
  progress(): void;
  /** Tells people what was refused. */
  say(text: string, level: 'warn'): Promise<void>;
}

export interface Contained extends Hands {
  /** The bytes that their commands have sent and received; what it is set to counts as theirs. */
  carried: Carried;
  /** From now on commands reach these hosts, besides those that the repository names, instead of the package mirrors. */
  reach(hosts: string[]): void;
}

/** Hands for a repository. Throws `Forbidden`, in words for people, when it may not run on such a machine. */
export async function contained(work: Work): Promise<Contained> {
  const { repository, say, caps } = work;
  const settings = Settings.parse(process.env);
  const carried = { up: 0, down: 0 };
  const hosts: string[] = [];
  const reach = (some: string[]) => void hosts.splice(0, hosts.length, ...some, ...(repository.hosts ?? []));
  reach(settings.PACKAGE_MIRRORS);
  const made = await chosen(work, { hosts, onDenied: once(say), caps, carried }, settings);
  const run: Hands['run'] = (command) => made.run(command).finally(work.progress);
  return { ...made, run, carried, reach };
}

async function chosen(work: Work, policy: Policy, settings: z.infer<typeof Settings>): Promise<Hands> {
  const { repository, reporter } = work;
  const { UNSANDBOXED: isAllowed, HANDS_TASK: task } = settings;
  if (task) return elsewhere(work, policy);
  const made = await hands(work.folder, policy);
  const why = distrust(repository, reporter);
  const lacks = lacking(made);
  if (!why || !lacks || isAllowed) return made;
  await made.close();
  throw new Fault('Forbidden', `${why}, and ${lacks}. ${ADVICE}`);
}

/** Hands in a task without a role, a secret or a way out but through us: they may work for anybody. */
async function elsewhere({ folder, signal }: Work, policy: Policy): Promise<Hands> {
  const settings = Elsewhere.parse(process.env);
  const { HANDS_CLUSTER: cluster, HANDS_TASK: definition, HANDS_SUBNETS: subnets } = settings;
  const host = ownAddress();
  const place = await reception(policy, { host, port: settings.HANDS_PORT });
  const call = { BRAIN_HOST: host, BRAIN_PORT: String(place.port), BRAIN_TOKEN: place.token, FOLDER: folder };
  try {
    await startTask({ cluster, definition, subnets, securityGroup: settings.HANDS_SECURITY_GROUP }, call);
    return await place.hands(signal);
  } catch (error) {
    place.close();
    throw error;
  }
}

/** Where other tasks find this one; on a machine without a network, where its processes do. */
function ownAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((some) => some ?? []);
  const usable = all.find(
    ({ family, internal, address }) => family === 'IPv4' && !internal && !address.startsWith('169.254.'),
  );
  return usable?.address ?? '127.0.0.1';
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
