import type { Projects, Tickets } from '#core/ports.ts';
import { healthOf, type IntegrationEntry } from '#core/projects/health.ts';
import { integrationsOf, oneOf } from '#core/projects/integration.ts';
import type { Checks } from '#core/taps/ports.ts';
import type { Ticket } from '#core/tickets/ticket.ts';

interface Asked {
  org: string;
  id: string;
  projects: Pick<Projects, 'list'>;
  tickets: Pick<Tickets, 'list'>;
  checks: Pick<Checks, 'latest'>;
}

/** Pages of a hundred: tickets before the newest thousand are not counted. */
const MOST_PAGES = 10;

/** GET /api/integrations: every registered integration with its health. */
export async function integrationList(asked: Asked): Promise<{ integrations: IntegrationEntry[] }> {
  const [projects, tickets, checks] = await Promise.all([
    asked.projects.list(asked.org),
    newest(asked),
    asked.checks.latest(asked.org),
  ]);
  const checked = new Map(checks.map((check) => [check.repository, check]));
  const byRepository = Map.groupBy(tickets, ({ classification }) => classification?.repository);
  const integrations = integrationsOf(projects).map((one) => ({
    ...one,
    health: healthOf(byRepository.get(one.repository) ?? [], checked.get(one.repository)),
  }));
  return { integrations };
}

/** GET /api/integrations/{owner}/{name} */
export async function oneIntegration(asked: Asked): Promise<{ integration: IntegrationEntry }> {
  const { integrations } = await integrationList(asked);
  return { integration: oneOf(integrations, asked.id) };
}

async function newest({ tickets, org }: Asked): Promise<Ticket[]> {
  const found: Ticket[] = [];
  let cursor: string | undefined;
  for (let page = 0; page === 0 || (cursor && page < MOST_PAGES); page++) {
    const next = await tickets.list(org, { limit: 100, ...(cursor && { cursor }) });
    found.push(...next.tickets);
    cursor = next.cursor;
  }
  return found;
}
