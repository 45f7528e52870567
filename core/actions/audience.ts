import { normalEmail } from '../people/person.ts';
import type { Facts } from './facts.ts';
import type { FactProvider } from './measure.ts';
import { EmailPayload, SlackMessagePayload } from './types/message.ts';

/** Who belongs to an organization. */
export interface Directory {
  /** Domains whose mailboxes are all the organization's own; named by its admin, never taken from people's addresses. */
  domains(org: string): Promise<readonly string[]>;
  /** The address of everybody in it. */
  people(org: string): Promise<readonly string[]>;
}

/** How many can read a channel. Nothing when it cannot be known. */
export interface Channels {
  /** `external`: somebody of another organization is in it, or can read it. */
  audience(org: string, channel: string): Promise<{ members: number; external: boolean } | undefined>;
}

/** Who gets a mail. An address beside our people's own that is nobody's may be a list: then nobody knows how many. */
export function mailAudience(directory: Directory): FactProvider {
  return {
    provides: ['recipients', 'external_recipients', 'external'],
    measure: async ({ org, payload }): Promise<Facts> => {
      const { to, cc, bcc } = EmailPayload.parse(payload);
      const all = [...new Set([...to, ...cc, ...bcc].map(normalEmail))];
      const people = new Set((await directory.people(org)).map(normalEmail));
      const domains = (await directory.domains(org)).map((one) => one.toLowerCase());
      const strangers = all.filter((one) => !people.has(one));
      const beside = [...domains, ...[...people].map(domainOf)];
      const outside = strangers.filter((one) => !isAt(one, domains)).length;
      return {
        ...(!strangers.some((one) => isAt(one, beside)) && { recipients: all.length }),
        external_recipients: outside,
        external: outside > 0,
      };
    },
  };
}

function isAt(email: string, domains: readonly string[]): boolean {
  const domain = domainOf(email);
  return domains.some((one) => domain === one || domain.endsWith(`.${one}`));
}

function domainOf(email: string): string {
  return email.slice(email.lastIndexOf('@') + 1);
}

/** Who can read what is posted in a channel. */
export function channelAudience(channels: Channels): FactProvider {
  return {
    provides: ['channel_members', 'external'],
    measure: async ({ org, payload }): Promise<Facts> => {
      const { channel } = SlackMessagePayload.parse(payload);
      const audience = await channels.audience(org, channel);
      return audience ? { channel_members: audience.members, external: audience.external } : {};
    },
  };
}
