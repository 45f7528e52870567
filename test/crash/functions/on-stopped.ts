import { note } from '../journal.ts';
import { aws } from '../wire.ts';

interface Event {
  detail: {
    containers: { exitCode?: number }[];
    overrides: { containerOverrides: { environment: { name: string; value: string }[] }[] };
  };
}

const { JOURNAL = '', AWS_ENDPOINT_URL = '' } = process.env;

/** Tells the machine that a container ended, and how. */
export const handler = async ({ detail }: Event) => {
  const environment = detail.overrides.containerOverrides[0]?.environment ?? [];
  const taskToken = environment.find(({ name }) => name === 'TOKEN')?.value;
  if (!taskToken) return;
  note(JOURNAL, { what: 'begin', name: 'stopped' });
  const error = `Exit${detail.containers[0]?.exitCode ?? 'None'}`;
  await aws(AWS_ENDPOINT_URL, 'AWSStepFunctions.SendTaskFailure', { taskToken, error }).catch((problem) => {
    if (problem.name !== 'TaskTimedOut') throw problem;
  });
  note(JOURNAL, { what: 'end', name: 'stopped' });
};
