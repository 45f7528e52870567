import { Duration } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import type { Container } from './container.ts';
import { choose, invoke, runTask } from './steps.ts';

export interface TapsSteps {
  list: IFunction;
  record: IFunction;
  tap: Container;
  /** Where the list of taps is. */
  files: IBucket;
  /** Taps that are looked at in one moment, of all organizations together. */
  atOnce: number;
}

const TAP = { org: '{% $tap.org %}', projectId: '{% $tap.projectId %}', repository: '{% $tap.repository %}' };

const WHY = "{% $substring($join([$states.errorOutput.Error, $states.errorOutput.Cause], ': '), 0, 2000) %}";

/** Somebody's own wish; the schedule has none. */
const ONLY = '{% $exists($states.input.only) ? $states.input.only : {} %}';

/** Mondays' has none. */
const SCHEDULE = "{% $exists($states.input.schedule) ? $states.input.schedule : 'weekly' %}";

/** What is gone must still be gone after this. */
const BETWEEN_LOOKS = Duration.minutes(10);

/**
 * One check: list the taps, look at some at a time, record what each shows; what may be a passing fault is looked at again.
 * Each tap is an execution of its own, so that there may be thousands, and one that fails never stops another.
 */
export function tapsMachine(scope: Construct, steps: TapsSteps): sfn.IChainable {
  const { list, files, atOnce } = steps;
  const each = sfn.DistributedMap.jsonata(scope, 'Each tap', {
    itemReader: new sfn.S3JsonItemReader({ bucket: files, key: '{% $states.input.key %}' }),
    itemSelector: {
      tap: '{% $states.context.Map.Item.Value %}',
      check: '{% $states.context.Execution.Name %}',
      began: '{% $states.context.Execution.StartTime %}',
    },
    label: 'Taps',
    maxConcurrency: atOnce,
    mapExecutionType: sfn.StateMachineType.STANDARD,
    toleratedFailurePercentage: 100,
    outputs: '{% { "taps": $count($states.result) } %}',
  });
  return invoke(
    scope,
    'List taps',
    list,
    { check: '{% $states.context.Execution.Name %}', only: ONLY, schedule: SCHEDULE },
    { outputs: '{% $states.result.Payload %}' },
  ).next(each.itemProcessor(oneTap(scope, steps)));
}

function oneTap(scope: Construct, { record, tap }: TapsSteps): sfn.IChainable {
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
    {
      ...TAP,
      looked: '{% $looked %}',
      isSecond: '{% $isSecond %}',
      check: '{% $check %}',
      began: '{% $began %}',
    },
    { outputs: '{% $states.result.Payload %}' },
  );
  const again = sfn.Wait.jsonata(scope, 'Wait for a second look', {
    time: sfn.WaitTime.duration(BETWEEN_LOOKS),
    assign: { isSecond: true },
  });
  // Thousands of outputs become one, which has a limit: each is a word.
  const done = sfn.Pass.jsonata(scope, 'Recorded', { outputs: '{% $states.input.state %}' });
  look.addCatch(noted, { assign: { looked: { state: 'inconclusive', reason: WHY } } });
  noted.addCatch(sfn.Pass.jsonata(scope, 'Not recorded', { outputs: 'unrecorded' }));
  noted.next(
    choose(
      scope,
      'Is it sure?',
      "{% $states.input.state = 'unconfirmed' and $not($isSecond) %}",
      again.next(look),
      done,
    ),
  );
  return sfn.Pass.jsonata(scope, 'One tap', {
    assign: {
      tap: '{% $states.input.tap %}',
      check: '{% $states.input.check %}',
      began: '{% $states.input.began %}',
      isSecond: false,
    },
  })
    .next(look)
    .next(noted);
}
