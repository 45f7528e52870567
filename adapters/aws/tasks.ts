import { RunTaskCommand } from '@aws-sdk/client-ecs';
import { Fault } from '#core/fault.ts';
import { ecs } from './clients.ts';

/** A task definition of ours with one container called `Main`, and where it runs. */
export interface TaskPlace {
  cluster: string;
  definition: string;
  subnets: string[];
  securityGroup: string;
}

/** Starts a Fargate task without a public address. Throws `Unavailable` when there is no room for it. */
export async function startTask(place: TaskPlace, env: Record<string, string>): Promise<void> {
  const { tasks = [], failures = [] } = await ecs().send(
    new RunTaskCommand({
      cluster: place.cluster,
      taskDefinition: place.definition,
      launchType: 'FARGATE',
      networkConfiguration: {
        awsvpcConfiguration: {
          subnets: place.subnets,
          securityGroups: [place.securityGroup],
          assignPublicIp: 'DISABLED',
        },
      },
      overrides: {
        containerOverrides: [
          { name: 'Main', environment: Object.entries(env).map(([name, value]) => ({ name, value })) },
        ],
      },
    }),
  );
  if (tasks.length === 1) return;
  throw new Fault('Unavailable', `The task was not started: ${failures[0]?.reason ?? 'no reason given'}`);
}
