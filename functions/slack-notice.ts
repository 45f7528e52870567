import type { SentNotices } from '#adapters/dynamodb/notices.ts';
import { log } from '#adapters/log.ts';
import type { SlackApp, SlackApps } from '#adapters/slack/apps.ts';
import { fitted, LIMIT, plain, sections } from '#adapters/slack/blocks.ts';
import type { Message, Slack } from '#adapters/slack/client.ts';
import { Fault, isForLater } from '#core/fault.ts';
import type { Notice, ToSend } from '#core/notice.ts';
import { personId } from '#core/people/person.ts';
import type { People } from '#core/people/ports.ts';
import type { Clock } from '#core/ports.ts';

export interface TellNeeds {
  apps: Pick<SlackApps, 'find'>;
  connect(app: SlackApp): Pick<Slack, 'direct' | 'post'>;
  notices: Pick<SentNotices, 'find' | 'markSent'>;
  people: Pick<People, 'find'>;
  mail(message: ToSend): Promise<void>;
  clock: Clock;
}

/** Tells one person of one notice in their direct messages. Whom Slack does not reach, for good or at the last try, gets a mail. */
export async function tellPerson(message: ToSend, isLast: boolean, needs: TellNeeds): Promise<void> {
  const { org, id, to } = message;
  const found = await needs.notices.find(org, id);
  if (!found || found.sentTo(to)) return;
  const [person, app] = await Promise.all([needs.people.find(org, personId(org, to)), needs.apps.find(org)]);
  if (!app || !person?.slack || !app.teams.includes(person.slack.team)) return needs.mail(message);
  try {
    const bot = needs.connect(app);
    await bot.post(await bot.direct(person.slack.user), noticeMessage(found.notice));
  } catch (error) {
    if (!(error instanceof Fault) || (isForLater(error) && !isLast)) throw error;
    log.error('Slack did not take a notice; it goes by mail', { org, id, reason: error.message });
    return needs.mail(message);
  }
  await needs.notices.markSent(org, id, { to, at: needs.clock.now().toISOString() });
}

/** The same words as by mail, as plain text. */
function noticeMessage({ subject, paragraphs, facts, unverified, link }: Notice): Message {
  const lines = [
    subject,
    ...paragraphs,
    ...facts.map(({ name, value }) => `${name}: ${value}`),
    ...(unverified ? [`The agent says (not verified): ${unverified}`] : []),
    ...(link ? [`${link.label}: ${link.url}`] : []),
  ];
  const blocks = sections(lines.map((line) => fitted(line, LIMIT.section)));
  return { text: plain(subject).text, blocks };
}
