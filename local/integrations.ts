import type { Ecs } from './aws/ecs/ecs.ts';
import type { Events } from './aws/events.ts';
import type { Lambda } from './aws/lambda/lambda.ts';
import { only } from './aws/service.ts';
import type { Sqs } from './aws/sqs/sqs.ts';
import { call } from './call.ts';
import type { Integrations } from './states/calls.ts';

interface Callees {
  functions: Lambda;
  containers: Ecs;
  queues: Sqs;
  bus: () => Events;
}

/** What state machines may call here. */
export function integrations({ functions, containers, queues, bus }: Callees): Integrations {
  return {
    'lambda:invoke': async ({ FunctionName, Payload = {}, ...rest }) => {
      only('lambda:invoke', rest, []);
      const result = await functions.invoke(FunctionName, Payload);
      return { ExecutedVersion: '$LATEST', Payload: result, StatusCode: 200 };
    },
    'ecs:runTask': containers.runTask,
    'events:putEvents': async ({ Entries = [] }, { signal }) => {
      const entries = Entries.map((entry: { Detail: unknown }) => ({ ...entry, Detail: text(entry.Detail) }));
      return call(bus().operations, 'PutEvents', { Entries: entries }, signal);
    },
    'sqs:sendMessage': async ({ MessageBody, ...rest }, { signal }) =>
      call(queues.operations, 'SendMessage', { ...rest, MessageBody: text(MessageBody) }, signal),
  };
}

/** These integrations take JSON values where the API takes text. */
function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
