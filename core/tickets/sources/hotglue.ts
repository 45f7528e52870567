import * as z from 'zod/mini';
import { cut, oneLine } from '../text.ts';
import type { Meaning } from '../told.ts';

const Name = z.nullish(z.string().check(z.maxLength(500)));

/** A job's status as HotGlue tells it; other fields are not read. */
export const HotglueJob = z.object({
  job_id: z.string().check(z.minLength(1), z.maxLength(190)),
  status: z.string().check(z.maxLength(100)),
  job_name: Name,
  flow_id: Name,
  tenant: Name,
  tap: Name,
  target: Name,
  env_id: Name,
  s3_root: Name,
  message: z.nullish(z.string()),
});
export type HotglueJob = z.infer<typeof HotglueJob>;

/** A failed job is a request about its tap and target; one that went well is none. */
export function fromHotglue(org: string, job: HotglueJob, receivedAt: string): Meaning {
  const { job_id, status, tap, target, tenant, flow_id, env_id, s3_root, message } = job;
  if (!/FAILED|ERROR/i.test(status)) return { kind: 'ignored', why: `a job is ${oneLine(status, 50)}` };
  const what = oneLine(job.job_name || tap || flow_id || job_id, 150);
  const told = { jobId: job_id, flowId: flow_id, tenant, environment: env_id, s3Root: s3_root };
  const draft = {
    ...{ org, source: 'hotglue' as const, externalId: job_id, openedAt: receivedAt },
    title: `Job ${what} failed${tenant ? ` for ${oneLine(tenant, 100)}` : ''}`,
    body: cut(message ?? '', 60_000),
    reporter: { name: 'HotGlue' },
    labels: ['job failed'],
    concerns: [tap, target].filter((one): one is string => Boolean(one)).map((one) => oneLine(one, 200)),
    metadata: Object.fromEntries(Object.entries(told).filter(([, value]) => value)),
  };
  return { kind: 'request', draft };
}
