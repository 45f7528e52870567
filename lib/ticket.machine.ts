import { Duration } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import type { Container } from './container.ts';
import { ask, call, choose, work } from './steps.ts';

export type TicketSteps = Record<
  | 'awaitSlot'
  | 'classify'
  | 'diagnose'
  | 'proposePlan'
  | 'awaitDecision'
  | 'loadDecision'
  | 'openPullRequest'
  | 'escalate',
  IFunction
> & { engineer: Container; verifier: Container };

/**
 * One run of a ticket, from received to a pull request or a person:
 *
 *   Start → Await slot → Classify → Diagnose → Propose plan → Await decision → Load decision → Await slot to build → Implement → Verify → Open pull request
 *      └ review of its pull request ────────┘
 *              └ unclear ─┴ unclear ────────┴ denied ────┴ declined, expired ─────────┴ no patch ─┴ red ─→ Hand to a person
 *
 * Whatever fails on the way is handed to a person too, and the run is marked failed.
 */
export function ticketMachine(scope: Construct, step: TicketSteps): sfn.IChainable {
  const start = sfn.Pass.jsonata(scope, 'Start', {
    assign: {
      org: '{% $states.input.org %}',
      ticketId: '{% $states.input.ticketId %}',
      runId: '{% $states.input.runId %}',
      round: 0,
      slot: 0,
      notBefore: "{% $exists($states.input.notBefore) ? $states.input.notBefore : '' %}",
      isReview: '{% $exists($states.input.isReview) %}',
    },
  });
  const isReview = '{% $isReview %}';
  const handOver = call(scope, 'Hand to a person', step.escalate, {
    payload: { status: 'escalated', reason: '{% $reason %}' },
  }).next(sfn.Succeed.jsonata(scope, 'With a person'));
  const decline = call(scope, 'Record the refusal', step.escalate, {
    payload: { status: 'declined', reason: '{% $reason %}' },
  }).next(sfn.Succeed.jsonata(scope, 'Declined'));
  const opened = call(scope, 'Open pull request', step.openPullRequest);
  const building = implementation(scope, step, { opened, handOver });
  const slots = { again: slot(scope, 'Await slot to build', step), first: slot(scope, 'Await slot', step) };
  slots.again.next(building.entry);
  const deciding = decision(scope, step, { building, again: slots.again, handOver, decline });
  const triage = understanding(scope, step, { deciding, handOver });

  const failed = call(scope, 'Record the failure', step.escalate, {
    payload: { status: 'failed', reason: '{% $reason %}', error: '{% $failure %}' },
  }).next(sfn.Fail.jsonata(scope, 'Failed', { error: '{% $failure %}', cause: '{% $reason %}' }));
  for (const state of [
    slots.first,
    slots.again,
    ...triage.steps,
    ...deciding.steps,
    ...building.steps,
    opened,
  ]) {
    state.addCatch(failed, {
      assign: { failure: '{% $states.errorOutput.Error %}', reason: '{% $states.errorOutput.Cause %}' },
    });
  }
  opened.next(sfn.Succeed.jsonata(scope, 'In review'));
  slots.first.next(choose(scope, 'A review?', isReview, deciding.entry, triage.entry));
  const putOff = sfn.Wait.jsonata(scope, 'Wait to try again', {
    time: sfn.WaitTime.timestamp('{% $notBefore %}'),
  });
  putOff.next(slots.first);
  return start.next(choose(scope, 'Tried again?', "{% $notBefore != '' %}", putOff, slots.first));
}

/** Sleeps until the queue gives the run a slot. */
function slot(scope: Construct, name: string, step: TicketSteps) {
  return ask(scope, name, step.awaitSlot, {
    timeout: sfn.Timeout.duration(Duration.days(60)),
    payload: { executionArn: '{% $states.context.Execution.Id %}', slot: '{% $slot %}' },
    assign: { slot: '{% $states.result.grant %}' },
  });
}

interface Part {
  entry: sfn.TaskStateBase;
  steps: sfn.TaskStateBase[];
}

const verdict = { next: '{% $states.result.Payload.next %}', reason: '{% $states.result.Payload.reason %}' };
const answer = { next: '{% $states.result.next %}', reason: '{% $states.result.reason %}' };

/** Classify, then diagnose; either may find that a person is needed. */
function understanding(
  scope: Construct,
  step: TicketSteps,
  to: { deciding: Part; handOver: sfn.IChainable },
): Part {
  const classify = call(scope, 'Classify', step.classify, { assign: verdict });
  const diagnose = call(scope, 'Diagnose', step.diagnose, { assign: verdict });
  classify.next(choose(scope, 'Understood?', "{% $next = 'diagnose' %}", diagnose, to.handOver));
  diagnose.next(choose(scope, 'Cause known?', "{% $next = 'propose' %}", to.deciding.entry, to.handOver));
  return { entry: classify, steps: [classify, diagnose] };
}

/** Propose the plan, sleep until it is decided, and believe only the stored decision. */
function decision(
  scope: Construct,
  step: TicketSteps,
  to: { building: Part; again: sfn.IChainable; handOver: sfn.IChainable; decline: sfn.IChainable },
): Part {
  const propose = call(scope, 'Propose plan', step.proposePlan, {
    assign: {
      approvalId: '{% $states.result.Payload.approvalId %}',
      mode: '{% $states.result.Payload.mode %}',
      waitSeconds: '{% $states.result.Payload.waitSeconds %}',
      reason: '{% $states.result.Payload.reason %}',
    },
  });
  const ids = { approvalId: '{% $approvalId %}', executionArn: '{% $states.context.Execution.Id %}' };
  const wait = ask(scope, 'Await decision', step.awaitDecision, {
    timeout: sfn.Timeout.jsonata('{% $waitSeconds %}'),
    payload: { ...ids, slot: '{% $slot %}' },
  });
  const load = call(scope, 'Load decision', step.loadDecision, {
    payload: ids,
    assign: {
      decision: '{% $states.result.Payload.decision %}',
      reason: '{% $states.result.Payload.reason %}',
    },
  });
  wait.addCatch(load, { errors: ['States.Timeout'] });
  propose.next(
    sfn.Choice.jsonata(scope, 'Ask a person?')
      .when(sfn.Condition.jsonata("{% $mode = 'require_approval' %}"), wait)
      .when(sfn.Condition.jsonata("{% $mode = 'auto' %}"), to.building.entry)
      .otherwise(to.decline),
  );
  wait.next(load);
  load.next(
    sfn.Choice.jsonata(scope, 'Approved?')
      .when(sfn.Condition.jsonata("{% $decision = 'approved' %}"), to.again)
      .when(sfn.Condition.jsonata("{% $decision = 'declined' %}"), to.decline)
      .otherwise(to.handOver),
  );
  return { entry: propose, steps: [propose, wait, load] };
}

/** Implement, then prove it in a clean clone; a red verification goes back to the engineer twice. */
function implementation(
  scope: Construct,
  step: TicketSteps,
  to: { opened: sfn.IChainable; handOver: sfn.IChainable },
): Part {
  const implement = work(scope, 'Implement', step.engineer, { timeout: Duration.hours(4), assign: answer });
  const verify = work(scope, 'Verify', step.verifier, {
    timeout: Duration.hours(1),
    assign: { ...answer, round: '{% $round + 1 %}' },
  });
  implement.next(choose(scope, 'Patch made?', "{% $next = 'verify' %}", verify, to.handOver));
  verify.next(
    sfn.Choice.jsonata(scope, 'Verified?')
      .when(sfn.Condition.jsonata("{% $next = 'open' %}"), to.opened)
      .when(sfn.Condition.jsonata("{% $next = 'retry' and $round < 3 %}"), implement)
      .otherwise(to.handOver),
  );
  return { entry: implement, steps: [implement, verify] };
}
