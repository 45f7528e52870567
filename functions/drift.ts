import { Fault } from '#core/fault.ts';
import type { Projects, Tickets } from '#core/ports.ts';
import { repositoryNamed } from '#core/projects/project.ts';
import type { Checks } from '#core/taps/ports.ts';
import { SEVERITIES, SEVERITIES_VERSION } from '#core/taps/severity.ts';

interface Asked {
  org: string;
  /** A repository's full name, where one is asked about. */
  id: string;
  projects: Pick<Projects, 'list'>;
  checks: Pick<Checks, 'latest' | 'history'>;
  tickets: Pick<Tickets, 'find'>;
}

/** A year of weeks. */
const SHOWN = 52;

/** GET /api/drift: every tap with its last check, if there was one, and the rules that changes are judged by. */
export async function driftList({ org, projects, checks }: Asked) {
  const [all, latest] = await Promise.all([projects.list(org), checks.latest(org)]);
  const last = new Map(latest.map((record) => [record.repository, record]));
  const taps = all.flatMap(({ id: projectId, severities = {}, repositories }) =>
    repositories
      .filter(({ kind }) => kind === 'tap')
      .map(({ fullName: repository, discovery: told }) => {
        const discovery = told ?? last.get(repository)?.discovery?.kind ?? 'static';
        const { changes: _, ...check } = last.get(repository) ?? { changes: [] };
        return { projectId, repository, discovery, severities, ...('state' in check && { check }) };
      }),
  );
  return { taps, severities: SEVERITIES, version: SEVERITIES_VERSION };
}

/** GET /api/drift/{owner}/{name}: a tap's checks, the newest first, who reads its data, and what became of its tickets. */
export async function driftOf({ org, id, projects, checks, tickets }: Asked) {
  const known = repositoryNamed(await projects.list(org), id);
  if (!known) throw new Fault('NotFound', `${id} is no repository of any project`);
  const history = await checks.history(org, id, SHOWN);
  const ids = [...new Set(history.flatMap(({ ticketId }) => ticketId ?? []))];
  const found = await Promise.all(ids.map((one) => tickets.find(org, one)));
  const told = found.flatMap((one) => {
    if (!one) return [];
    const { id: ticketId, status, pullRequest } = one;
    return { id: ticketId, status, ...(pullRequest && { pullRequest: pullRequest.url }) };
  });
  return { repository: id, checks: history, consumers: known.repository.consumers ?? [], tickets: told };
}

export type DriftList = Awaited<ReturnType<typeof driftList>>;
export type DriftHistory = Awaited<ReturnType<typeof driftOf>>;
