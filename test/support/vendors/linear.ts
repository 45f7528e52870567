import { linear } from '#local/vendors/linear.ts';
import { askOf, listening, memoryKept } from './listening.ts';

export const LINEAR_KEY = 'lin_api_test';

/** Linear with one issue. */
export async function linearDouble(issue = 'OPS-12') {
  /** By id, the newest version first. */
  const comments = new Map<string, string[]>();
  const vendor = await listening(
    async (request) => linear(await askOf(request), memoryKept(comments), LINEAR_KEY) ?? { status: 404 },
  );
  return { ...vendor, issue, comments };
}
