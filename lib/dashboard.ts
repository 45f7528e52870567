import { cpSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { buildSync } from 'esbuild';
import type { Env as ApiEnv } from '#functions/http/api.ts';
import type { Env as DashboardEnv } from '#functions/http/dashboard.ts';
import type { Env as IntegrationsEnv } from '#functions/http/integrations.ts';
import type { Env as PutBudgetsEnv } from '#functions/http/put-budgets.ts';
import type { Env as PutProjectEnv } from '#functions/http/put-project.ts';
import type { Env as SteerRunEnv } from '#functions/http/steer-run.ts';
import type { Env as SteerTicketEnv } from '#functions/http/steer-ticket.ts';
import { CREDENTIALS_PREFIX, putsCredentials } from './credentials.ts';
import type { DataStack } from './data-stack.ts';
import { keepsFiles, knowsPeople, queueEnv, reads, writes } from './grants.ts';
import { Handler } from './handler.ts';
import { addRoutes } from './routes.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const BUILT = '.build/web';

export interface DashboardProps {
  api: HttpApi;
  data: DataStack;
  publicUrl: string;
  firstOrg: string;
  slots: string;
  slotsPerOrg: string;
}

/** The page and what it reads: static files, a read-only API, and what leads and admins may write. */
export class Dashboard extends Construct {
  constructor(scope: Construct, id: string, { api, data, publicUrl, firstOrg, ...limits }: DashboardProps) {
    super(scope, id);
    buildPage();
    const page = new Handler<DashboardEnv>(this, 'Page', {
      entry: 'http/dashboard',
      env: { WEB_ROOT: BUILT },
      files: [BUILT],
    });
    const env = {
      TICKETS_TABLE: data.tickets.tableName,
      DELIVERIES_TABLE: data.deliveries.tableName,
      RUNS_TABLE: data.runs.tableName,
      PROJECTS_TABLE: data.projects.tableName,
      PEOPLE_TABLE: data.people.tableName,
      APPROVALS_TABLE: data.approvals.tableName,
      TRIAGE_TABLE: data.triage.tableName,
      SESSION_SECRET_ARN: data.sessionSecret.secretArn,
      PUBLIC_URL: publicUrl,
    };
    const reader = this.reader(data, { ...env, ...queueEnv(data, limits), FIRST_ORG: firstOrg });

    const putProject = new Handler<PutProjectEnv>(this, 'PutProject', { entry: 'http/put-project', env });
    const integrations = new Handler<IntegrationsEnv>(this, 'Integrations', {
      entry: 'http/integrations',
      env: { ...env, CREDENTIALS_PREFIX },
    });
    putsCredentials(integrations);
    for (const fn of [putProject, integrations]) writes(fn, data.projects);

    const putBudgets = new Handler<PutBudgetsEnv>(this, 'PutBudgets', { entry: 'http/put-budgets', env });
    const steerRun = new Handler<SteerRunEnv>(this, 'SteerRun', { entry: 'http/steer-run', env });
    for (const fn of [putBudgets, steerRun]) writes(fn, data.runs);
    const steerTicket = new Handler<SteerTicketEnv>(this, 'SteerTicket', {
      entry: 'http/steer-ticket',
      env: { ...env, QUEUE_TABLE: data.queue.tableName },
    });
    writes(steerTicket, data.tickets, data.runs, data.queue);
    for (const fn of [putProject, integrations, putBudgets, steerRun, steerTicket]) knowsPeople(fn, data);

    addRoutes(this, api, [
      ...PAGES.map((path): [HttpMethod, string, IFunction] => [HttpMethod.GET, path, page]),
      [HttpMethod.GET, '/api/{proxy+}', reader],
      [HttpMethod.GET, '/openapi.json', reader],
      [HttpMethod.PUT, '/api/projects/{id}', putProject],
      [HttpMethod.POST, '/api/integrations', integrations],
      [HttpMethod.DELETE, '/api/integrations/{owner}/{name}', integrations],
      [HttpMethod.PUT, '/api/integrations/{owner}/{name}/credentials', integrations],
      [HttpMethod.POST, '/api/runs/{id}/{wish}', steerRun],
      [HttpMethod.POST, '/api/tickets/{id}/{wish}', steerTicket],
      [HttpMethod.PUT, '/api/budgets', putBudgets],
    ]);
  }

  private reader(
    data: DataStack,
    env: Omit<ApiEnv, 'CHECKS_TABLE' | 'DEAD_LETTERS_TABLE' | 'ARTIFACTS_BUCKET'>,
  ): IFunction {
    const reader = new Handler<ApiEnv>(this, 'Api', {
      entry: 'http/api',
      env: {
        ...env,
        CHECKS_TABLE: data.checks.tableName,
        DEAD_LETTERS_TABLE: data.deadLetters.tableName,
        ARTIFACTS_BUCKET: data.artifacts.bucketName,
      },
    });
    const { tickets, deliveries, runs, projects, approvals, triage, checks, deadLetters, queue } = data;
    keepsFiles(reader, data.artifacts, 'runs/', { isWriter: false });
    reads(reader, tickets, deliveries, runs, projects, approvals, triage, checks, deadLetters, queue);
    knowsPeople(reader, data);
    return reader;
  }
}

const PAGES = [
  '/',
  '/tickets/{id}',
  '/approvals',
  '/queue',
  '/integrations',
  '/drift',
  '/dead-letters',
  '/notices',
  '/drift/{owner}/{name}',
  '/assets/{file}',
];

/** Bundles `web/` into `.build/web`, in tens of milliseconds, so that a synthesised app always serves today's page. */
function buildPage(): void {
  buildSync({
    absWorkingDir: root,
    entryPoints: ['web/main.ts'],
    outfile: `${BUILT}/main.js`,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    logLevel: 'error',
  });
  for (const file of ['index.html', 'style.css', 'icon.svg'])
    cpSync(`${root}web/${file}`, `${root}${BUILT}/${file}`);
}
