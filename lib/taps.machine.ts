import { Duration } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import type { Container } from './container.ts';
import { invoke, runTask } from './steps.ts';

export interface TapsSteps {
  list: IFunction;
  record: IFunction;
  tap: Container;
}

/** Taps that are looked at in one moment, of all organizations together. */
const AT_ONCE = 5;

const TAP = { org: '{% $tap.org %}', projectId: '{% $tap.projectId %}', repository: '{% $tap.repository %}' };

const WHY = "{% $substring($join([$states.errorOutput.Error, $states.errorOutput.Cause], ': '), 0, 2000) %}";

/** One week's check: list the taps, look at five at a time, record what each shows. One that fails never stops another. */
export function tapsMachine(scope: Construct, { list, record, tap }: TapsSteps): sfn.IChainable {
  const look = runTask(scope, 'Look at the tap', tap, {
    environment: { ORG: TAP.org, PROJECT_ID: TAP.projectId, REPOSITORY: TAP.repository },
    timeout: Duration.minutes(30),
    heartbeat: Duration.minutes(2),
    assign: { looked: '{% $states.result %}' },
  });
  const noted = invoke(
    scope,
    'Record what it shows',
    record,
    { ...TAP, looked: '{% $looked %}', check: '{% $states.context.Execution.Id %}' },
    { outputs: '{% $states.result.Payload %}' },
  );
  look.addCatch(noted, { assign: { looked: { state: 'inconclusive', reason: WHY } } });
  noted.addCatch(sfn.Pass.jsonata(scope, 'Not recorded', { outputs: { state: 'unrecorded' } }));
  const each = sfn.Pass.jsonata(scope, 'One tap', { assign: { tap: '{% $states.input %}' } })
    .next(look)
    .next(noted);
  return invoke(scope, 'List taps', list, {}, { outputs: '{% $states.result.Payload %}' }).next(
    sfn.Map.jsonata(scope, 'Each tap', {
      items: sfn.ProvideItems.jsonata('{% $states.input.taps %}'),
      maxConcurrency: AT_ONCE,
    }).itemProcessor(each),
  );
}
