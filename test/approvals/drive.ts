import { stateMachines } from '#adapters/aws/machines.ts';
import type { Approval, Verdict } from '#core/approvals/approval.ts';
import type { Principal } from '#core/people/principal.ts';
import { approvalApi } from '#functions/http/approval-api.ts';
import { dispatching } from '#functions/queue/dispatch-decision.ts';
import { ANNA, approvals, asking, BEN, ORG } from '../support/approvals.ts';
import { send } from '../support/request.ts';
import { type Call, type Fate, invocation } from './fates.ts';
import { comes, type Gates, gates } from './gates.ts';
import type { State } from './model.ts';
import { questionOf, type Stage, tickets, waits } from './stage.ts';

const AWAIT = 'task/await-decision';
const LOAD = 'task/load-decision';
const VOTES: Record<string, { decision: Verdict; id: string }> = {
  'approver 1': { decision: 'approve', id: ANNA },
  'approver 2': { decision: 'decline', id: BEN },
};

/** The requests that are moves of the model; all others of an invocation pass. */
function isMove({ who, command, input }: Call): boolean {
  const writes = command.startsWith('TransactWrite');
  if (who === LOAD) return writes || input.TableName === 'Runs' || `${input.Key?.sk}`.startsWith('A#');
  if (who.startsWith('dispatcher'))
    return input.TableName === 'ApprovalWaits' || command.startsWith('SendTask');
  // Giving its slot back comes before, and decides nothing.
  if (who === AWAIT) return input.TableName === 'ApprovalWaits';
  return who in VOTES && writes;
}

/** After these the model goes on in a move of its own: the answer may still be lost. */
const hasAnswer = ({ who }: Call) => who === AWAIT || who in VOTES;

/** What of the model's state can be seen from outside. */
export type Seen = Pick<State, 'row' | 'ledger'> & { machine: Pick<State['machine'], 'at' | 'registered'> };

export interface Driven {
  /** Has the real thing do what the model does in a move. */
  make(move: string): Promise<void>;
  seen(): Promise<Seen>;
  /** Lets everything go its way from here until the run is over; answers how the ticket ended. */
  finish(): Promise<string>;
}

/** One decision on the real functions and the real machine, whose invocations make the model's moves one by one. */
export async function driven(here: Stage): Promise<Driven> {
  const tokens: unknown[] = []; // in the order in which they were opened
  const gate = gates((call) => {
    if (!isMove(call)) return false;
    if (call.who === AWAIT) tokens.push(call.input.ExpressionAttributeValues[':token']);
    return true;
  }, hasAnswer);
  here.loseRecords(true);
  const asked = await here.begin();
  const isHeld = (who: string) => () => gate.at(who) !== undefined;
  await comes(isHeld(AWAIT));
  const approval = (await questionOf(asked)) as Approval;
  const actors = invocations(here, gate, approval);
  const wait = () => waits.find(ORG, approval.id);
  const ticketNow = async () => (await tickets.find(ORG, asked.ticketId))?.status ?? '';
  const hasEnded = async () => ENDED.includes(await ticketNow());

  /** A function of the machine dies, and Step Functions calls it again. */
  async function dies(who: string, fate = deathAt(gate, who)): Promise<void> {
    gate.release(who, fate);
    await comes(isHeld(who), () => here.time.forward(1_000));
  }

  const moves: Record<string, () => Promise<void>> = {
    'machine registers': async () => {
      gate.release(AWAIT);
      await comes(() => gate.at(AWAIT) === 'answer');
    },
    'machine renews its token': () => dies(AWAIT),
    'time is over': async () => {
      here.time.forward(Date.parse(approval.expiresAt) - here.time.now() + 1_000);
      await comes(isHeld(LOAD));
    },
    'loader reads': () => step(LOAD),
    'loader expires it': () => step(LOAD),
    'loader finds it changed': () => step(LOAD),
    'loader dies': () => dies(LOAD),
    'loader dies after it heard': () => dies(LOAD, 'dies after'),
    'loader hears it': async () => {
      await comes(hasEnded, () => gate.at(LOAD) && gate.release(LOAD));
    },
  };

  async function step(who: string): Promise<void> {
    gate.release(who);
    await comes(isHeld(who));
  }

  return {
    make: (move) => (moves[move] ?? actors(move))(),

    async seen() {
      const { status, resume } = (await questionOf(asked)) as Approval;
      const at = (await hasEnded()) ? 'ended' : gate.at(LOAD) ? 'awake' : 'waiting';
      const row = { status, resume } as State['row'];
      return {
        row,
        ledger: await settled(approval.id),
        machine: { at, registered: tokens.indexOf((await wait())?.token) + 1 },
      };
    },

    async finish() {
      gate.open();
      await comes(hasEnded, () => {
        here.time.forward(3_600_000);
        return here.sweep();
      });
      return ticketNow();
    },
  };
}

const ENDED = ['in_review', 'declined', 'escalated', 'failed'];

const deathAt = (gate: Gates, who: string): Fate =>
  gate.at(who) === 'answer' ? 'dies after' : 'dies before';

/** Approvers and dispatchers, each an invocation at a time. Approvers have the clock of when they were asked. */
function invocations({ clock }: Stage, gate: Gates, approval: Approval) {
  const dispatch = dispatching({ approvals, waits, machines: stateMachines() });
  const image = { org: { S: ORG }, id: { S: approval.id }, resume: { S: 'PENDING' } };
  const atFirst = { now: () => now };
  const now = clock.now();
  const over = new Set<string>();

  return (move: string) => async (): Promise<void> => {
    const [, who = '', what = ''] = /^(\w+ \d) (.+)$/.exec(move) ?? [];
    const isHeldOrOver = () => gate.at(who) !== undefined || over.has(who);
    if (what === 'looks' || what === 'reads the row') {
      over.delete(who);
      const vote = VOTES[who];
      const work = () =>
        vote ? decide(approval, vote, atFirst) : dispatch({ dynamodb: { NewImage: image } });
      void invocation<unknown>(who, work)
        .catch(() => undefined)
        .then(() => over.add(who));
    } else gate.release(who, what === 'dies' ? deathAt(gate, who) : 'lives');
    await comes(isHeldOrOver);
  };
}

/** What the ledger says was decided, first and how often. */
async function settled(id: string): Promise<State['ledger']> {
  const entries = (await approvals.ledger(ORG, id)).map(({ text }) => JSON.parse(text));
  const decisive = entries.filter(({ type }) => type === 'DECIDED' || type === 'EXPIRED');
  const { type, decision } = decisive[0] ?? {};
  const first = type === 'DECIDED' ? (decision === 'approve' ? 'APPROVED' : 'DECLINED') : (type ?? '');
  return { first, entries: decisive.length };
}

function decide(
  approval: Approval,
  { decision, id }: { decision: Verdict; id: string },
  clock: { now(): Date },
) {
  const principal: Principal = { via: 'session', org: ORG, id, email: '', name: '', roles: ['viewer'] };
  const route = approvalApi({ ...asking(clock), principalOf: async () => principal });
  const { revision, payloadHash: payload_hash } = approval;
  const body = JSON.stringify({ decision, revision, payload_hash, reason: 'because' });
  return send(route, { method: 'POST', path: '/v1/approvals', id: approval.id, body });
}
