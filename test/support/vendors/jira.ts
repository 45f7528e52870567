import { jira } from '#local/vendors/jira.ts';
import { askOf, listening, memoryKept } from './listening.ts';

export const JIRA_BOT = { email: 'bot@acme.example', token: 'token' };

/** Jira with one issue. */
export async function jiraDouble(issue = 'ETL-142') {
  /** Documents as JSON by id, the newest version first. */
  const comments = new Map<string, string[]>();
  const vendor = await listening(async (request) => {
    const ask = await askOf(request);
    const known = ask.path.includes(`/${issue}/`) && jira(ask, memoryKept(comments), JIRA_BOT);
    return known || { status: 404 };
  });
  return { ...vendor, issue, comments };
}
