import { describe, expect, it } from 'vitest';
import { ofType, synthesised } from '../support/synth.ts';

const { service } = synthesised();
const all = service.toJSON().Resources;
const text = definitionOf('Pipeline');
const definition = JSON.parse(text);
const states = Object.entries(definition.States) as [string, { Type: string; Default?: string }][];

/** The definition of the machine in a construct, as text. */
function definitionOf(construct: string): string {
  const found = ofType(service, 'AWS::StepFunctions::StateMachine').find(([id]) => id.startsWith(construct));
  return rendered(found?.[1].Properties.DefinitionString);
}

/** The definition as text, each reference as the source or the logical id that it names. */
function rendered(value: unknown): string {
  if (typeof value === 'string') return value;
  const {
    'Fn::Join': join,
    'Fn::GetAtt': attribute,
    Ref: ref,
  } = value as Record<string, [string, unknown[]]> & { Ref?: string };
  if (join) return join[1].map(rendered).join(join[0]);
  const id = String(attribute?.[0] ?? ref ?? '');
  return all[id]?.Metadata?.source ?? id;
}

describe('the ticket machine', () => {
  it('is the reviewed definition', async () => {
    await expect(`${JSON.stringify(definition, null, 2)}\n`).toMatchFileSnapshot('ticket.asl.json');
  });

  it('gives every choice a way out', () => {
    const choices = states.filter(([, { Type }]) => Type === 'Choice');

    expect(choices.length).toBeGreaterThanOrEqual(6);
    expect(choices.filter(([, { Default }]) => !Default).map(([name]) => name)).toEqual([]);
  });

  it('speaks JSONata only', () => {
    expect(definition.QueryLanguage).toBe('JSONata');
    expect(text).not.toMatch(/"(Variable|InputPath|OutputPath|ResultPath|Parameters|ResultSelector)"/);
  });

  it('uses every step that it was given', () => {
    for (const step of [
      'await-slot',
      'classify',
      'diagnose',
      'propose-plan',
      'await-decision',
      'load-decision',
      'open-pull-request',
      'escalate',
    ]) {
      expect(text).toContain(`functions/task/${step}.ts`);
    }
    expect(text).toMatch(/EngineerTask/);
    expect(text).toMatch(/VerifierTask/);
  });

  it('hands every failure to a person: each task is caught, or is the handing over itself', () => {
    const tasks = Object.entries(
      definition.States as Record<string, { Type: string; Catch?: { ErrorEquals: string[] }[] }>,
    ).filter(([, { Type }]) => Type === 'Task');
    const uncaught = tasks.filter(
      ([, { Catch }]) => !Catch?.some(({ ErrorEquals }) => ErrorEquals.includes('States.ALL')),
    );

    expect(uncaught.map(([name]) => name).sort()).toEqual([
      'Hand to a person',
      'Record the failure',
      'Record the refusal',
    ]);
  });
});

describe('the taps machine', () => {
  const taps = definitionOf('Taps');

  it('is the reviewed definition', async () => {
    await expect(`${JSON.stringify(JSON.parse(taps), null, 2)}\n`).toMatchFileSnapshot('taps.asl.json');
  });

  it('is started each Monday at 05:00 UTC, and on other days for what is looked at daily', () => {
    const rules = ofType(service, 'AWS::Events::Rule').filter(([id]) => id.startsWith('Taps'));

    expect(rules.map(([, { Properties }]) => Properties.ScheduleExpression)).toEqual([
      'cron(0 5 ? * MON *)',
      'cron(0 5 ? * TUE-SUN *)',
    ]);
    expect(rules.map(([, { Properties }]) => Properties.Targets[0].Input)).toEqual([
      undefined,
      '{"schedule":"daily"}',
    ]);
  });

  it('looks at a bounded number at a time, and lets no tap stop another', () => {
    const each = JSON.parse(taps).States['Each tap'];
    const tasks = Object.values(
      each.ItemProcessor.States as Record<string, { Type: string; Catch?: unknown[] }>,
    ).filter(({ Type }) => Type === 'Task');

    expect(each).toMatchObject({ MaxConcurrency: 5, ToleratedFailurePercentage: 100 });
    expect(each.ItemProcessor.ProcessorConfig).toEqual({ Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' });
    expect(tasks).toHaveLength(2);
    expect(tasks.every(({ Catch }) => Catch !== undefined)).toBe(true);
    expect(each.ItemProcessor.States['Look at the tap'].Catch[0].Next).toBe('Record what it shows');
    expect(each.ItemProcessor.States['Wait for a second look']).toMatchObject({
      Seconds: 600,
      Next: 'Look at the tap',
    });
  });
});
