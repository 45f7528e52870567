import { count } from '../journal.ts';
import { lambda, machine, queue, rule } from '../template.ts';
import type { Scenario, World } from '../world.ts';

const RATE_SECONDS = 60;
const SOON = new Date(Date.now() + 90_000).toISOString().slice(0, 19);

/** A rule to a queue, a function that mails, and a machine; a rule by rate; a schedule that runs once. */
export const scenario: Scenario = {
  resources: {
    Queue: queue(),
    Ticks: queue(),
    Timely: queue(),
    Hear: lambda('hear'),
    Machine: machine({ StartAt: 'Done', States: { Done: { Type: 'Succeed' } } }),
    Rule: rule({ EventPattern: { source: ['crash'] } }, ['Queue', 'Hear', 'Machine']),
    Rate: rule({ ScheduleExpression: 'rate(1 minute)' }, ['Ticks']),
    Once: {
      Type: 'AWS::Scheduler::Schedule',
      Properties: {
        ScheduleExpression: `at(${SOON})`,
        FlexibleTimeWindow: { Mode: 'OFF' },
        Target: { Arn: { 'Fn::GetAtt': ['Timely', 'Arn'] }, RoleArn: 'arn:aws:iam::000000000000:role/crash' },
      },
    },
  },

  async play(world) {
    const { once, until, aws, lines } = world;
    for (const n of [1, 2]) {
      const Entries = [{ Source: 'crash', DetailType: 'Happened', Detail: JSON.stringify({ n }) }];
      await once(`put ${n}`, () => aws('AWSEvents.PutEvents', { Entries }));
    }
    await until('a function that heard each', () =>
      accepted(world).every((id) => count(lines(), 'end', `hear ${id}`) > 0),
    );
    for (const id of ['Ticks', 'Timely', 'Queue'])
      await until(
        `a message in ${id}`,
        async () => (await bodies(world, id)).length >= (id === 'Ticks' ? 2 : 1),
      );
    await until('a machine for each', async () => (await executions(world)).length >= 2);
    await until('an end to deliveries', () => deliveries(world) === 0);
  },

  async check(world, all, crashes) {
    const queued = (await bodies(world, 'Queue')).map((body) => JSON.parse(body).id as string);
    const ticks = (await bodies(world, 'Ticks')).map((body) => Date.parse(JSON.parse(body).time) / 1000);
    const timely = await bodies(world, 'Timely');
    const ids = accepted(world);
    const machines = (await executions(world)).length;
    const mails = world.local.services.mail.mails().map(({ subject }) => subject);
    const gaps = ticks.toSorted().map((time, at, sorted) => time - (sorted[at - 1] ?? time - RATE_SECONDS));
    const puts = count(all, 'try', 'put 1') + count(all, 'try', 'put 2');
    return {
      lost: [
        ...ids.filter((id) => !queued.includes(id) || !mails.includes(id)),
        ...(timely.length === 0 ? ['the schedule'] : []),
        ...gaps.filter((gap) => gap > RATE_SECONDS).map((gap) => `ticks ${gap} s apart`),
      ],
      doubled: [
        ...queued.filter((id, at) => queued.indexOf(id) !== at),
        ...(machines > queued.length ? [`${machines} executions of ${queued.length} events`] : []),
        ...(queued.length > puts ? [`${queued.length} events of ${puts} puts`] : []),
        ...(timely.length > 1 ? ['the schedule'] : []),
        ...gaps.filter((gap) => gap < RATE_SECONDS).map((gap) => `ticks ${gap} s apart`),
        ...ids.filter((id) => mails.filter((subject) => subject === id).length > 1 + crashes),
      ],
    };
  },
};

function accepted({ lines }: World): string[] {
  return lines()
    .filter(({ what, name }) => what === 'acknowledged' && name.startsWith('put'))
    .map(({ value }) => (value as { Entries: { EventId: string }[] }).Entries[0]?.EventId ?? '');
}

async function bodies({ local, ref }: World, id: string): Promise<string[]> {
  const name = ref(id).split('/').at(-1) ?? '';
  const rows = local.store.sql('SELECT body FROM sqs_message WHERE queue = ? ORDER BY seq').all(name);
  return rows.map(({ body }) => String(body));
}

async function executions({ aws, ref }: World): Promise<{ status: string }[]> {
  return (await aws('AWSStepFunctions.ListExecutions', { stateMachineArn: ref('Machine') })).executions;
}

function deliveries({ local }: World): number {
  return Number(local.store.sql('SELECT count(*) AS n FROM delivery').get()?.n);
}
