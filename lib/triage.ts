import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { Construct } from 'constructs';
import type { Env as TriageEnv } from '#functions/http/triage.ts';
import type { DataStack } from './data-stack.ts';
import { knowsPeople, reads, writes } from './grants.ts';
import { Handler } from './handler.ts';
import { addRoutes } from './routes.ts';

export interface TriageProps {
  api: HttpApi;
  data: DataStack;
  publicUrl: string;
}

/** What leads teach triage: corrections, merges and trainings. */
export class Triage extends Construct {
  constructor(scope: Construct, id: string, { api, data, publicUrl }: TriageProps) {
    super(scope, id);
    const teach = new Handler<TriageEnv>(this, 'Teach', {
      entry: 'http/triage',
      // A training of 300 corrections takes 4 s of one processor and 370 MB, and the API waits for 30 s at most.
      memory: 1_769,
      env: {
        TICKETS_TABLE: data.tickets.tableName,
        DELIVERIES_TABLE: data.deliveries.tableName,
        PROJECTS_TABLE: data.projects.tableName,
        TRIAGE_TABLE: data.triage.tableName,
        QUEUE_TABLE: data.queue.tableName,
        PEOPLE_TABLE: data.people.tableName,
        SESSION_SECRET_ARN: data.sessionSecret.secretArn,
        PUBLIC_URL: publicUrl,
      },
    });
    writes(teach, data.tickets, data.triage, data.queue);
    reads(teach, data.projects);
    knowsPeople(teach, data);

    addRoutes(this, api, [
      [HttpMethod.POST, '/api/tickets/{id}/corrections', teach],
      [HttpMethod.POST, '/api/tickets/{id}/merge', teach],
      [HttpMethod.POST, '/api/triage/train', teach],
      [HttpMethod.GET, '/api/triage', teach],
    ]);
  }
}
