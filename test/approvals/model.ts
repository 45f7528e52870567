/**
 * The protocol around one decision, small enough to be explored whole: two approvers who disagree, two dispatchers that
 * send at least once, a machine whose token is renewed once and that stops waiting by itself, a step that reads the
 * decision, an effect that is delivered twice, and a few deaths anywhere.
 */
export interface State {
  row: {
    status: Outcome | 'PENDING' | 'EXECUTING';
    /** Whether the machine has to hear of it; `SENT` only where a protocol believes that sending is enough. */
    resume: 'NONE' | 'PENDING' | 'SENT' | 'RESUMED';
  };
  /** The first outcome that the ledger holds, and how many it holds. */
  ledger: { first: Outcome | ''; entries: number };
  approvers: [Approver, Approver];
  dispatchers: [Dispatcher, Dispatcher];
  machine: {
    at: 'waiting' | 'awake' | 'ended';
    /** The token that is open, and the one that the dispatchers can find; 0 is none. */
    token: number;
    registered: number;
    /** What the answer to the token said. */
    told: Outcome | '';
    branch: Outcome | '';
  };
  /** What the step that reads the decision has seen. */
  loader: State['row'] | '';
  executors: [Executor, Executor];
  effects: number;
  deaths: number;
}

export type Outcome = 'APPROVED' | 'DECLINED' | 'EXPIRED';
type Approver = 'away' | 'looked' | 'wrote' | 'done';
/** At rest, the row read, or holding a token. */
type Dispatcher = 'rest' | 'read' | number;
type Executor = 'rest' | 'checked' | 'claimed' | 'done';

/** What a protocol does; every broken one differs in one thing that looks harmless. */
export interface Protocol {
  /** Whether a decision is sent by dispatchers until it is heard, or once by whoever decided. */
  sends: 'until heard' | 'after the write' | 'before the write';
  /** When a dispatcher takes a decision off its list by itself. */
  ticksOff: 'never' | 'after sending' | 'without a token';
  /** Whether the machine believes the row, or what it was told. */
  believes: 'row' | 'answer';
  /** Whether a decision and the end of time are written only over a pending row. */
  comparesStatus: boolean;
  /** Whether the effect is claimed in the row first. */
  claims: boolean;
}

export const OURS: Protocol = {
  sends: 'until heard',
  ticksOff: 'never',
  believes: 'row',
  comparesStatus: true,
  claims: true,
};

const VERDICTS = ['APPROVED', 'DECLINED'] as const;
const DEATHS = 2;

export const START: State = {
  row: { status: 'PENDING', resume: 'NONE' },
  ledger: { first: '', entries: 0 },
  approvers: ['away', 'away'],
  dispatchers: ['rest', 'rest'],
  machine: { at: 'waiting', token: 1, registered: 0, told: '', branch: '' },
  loader: '',
  executors: ['rest', 'rest'],
  effects: 0,
  deaths: 0,
};

export interface Move {
  /** Who does what, as in `approver 1 writes`. */
  name: string;
  next: State;
}

type Change = (state: State) => void;

/** Everything that can happen next. */
export function moves(state: State, protocol: Protocol): Move[] {
  const found: Move[] = [];
  const text = JSON.stringify(state);
  const may = (name: string, isPossible: boolean, ...changes: Change[]) => {
    if (!isPossible) return;
    const next: State = JSON.parse(text); // several times as fast as structuredClone
    for (const change of changes) change(next);
    found.push({ name, next });
  };
  for (const who of [0, 1] as const) {
    approver(state, { who, protocol, may });
    dispatcher(state, { who, protocol, may });
    executor(state, { who, protocol, may });
  }
  machine(state, may);
  loader(state, { protocol, may });
  return found;
}

type May = (name: string, isPossible: boolean, ...changes: Change[]) => void;
function becomes(kind: 'approvers' | 'dispatchers' | 'executors', who: 0 | 1, now: unknown): Change {
  return (next) => void Object.assign(next[kind], { [who]: now });
}

interface Actor {
  who: 0 | 1;
  protocol: Protocol;
  may: May;
}

function approver({ approvers, row, machine, deaths }: State, { who, protocol, may }: Actor): void {
  const phase = approvers[who];
  const verdict = VERDICTS[who] as Outcome;
  const name = `approver ${who + 1}`;
  const is = (now: Approver) => becomes('approvers', who, now);
  const isOpen = row.status === 'PENDING' || !protocol.comparesStatus;
  const sendsBefore = protocol.sends === 'before the write';
  may(`${name} looks`, phase === 'away', is(row.status === 'PENDING' ? 'looked' : 'done'), (next) => {
    if (sendsBefore && row.status === 'PENDING') answer(next, machine.registered, verdict);
  });
  may(`${name} writes`, phase === 'looked' && isOpen, is('wrote'), (next) => settle(next, verdict));
  may(`${name} is too late`, phase === 'looked' && !isOpen, is('done'));
  may(`${name} is answered`, phase === 'wrote', is('done'), (next) => {
    if (protocol.sends === 'after the write') answer(next, machine.registered, verdict);
  });
  may(`${name} dies`, (phase === 'looked' || phase === 'wrote') && deaths < DEATHS, is('away'), die);
}

function settle({ row, ledger }: State, outcome: Outcome): void {
  Object.assign(row, { status: outcome, resume: 'PENDING' });
  ledger.first ||= outcome;
  ledger.entries += 1;
}

/** A token takes one answer, while it is open. */
function answer({ machine }: State, token: number, told: Outcome): void {
  if (machine.at !== 'waiting' || token === 0 || token !== machine.token) return;
  Object.assign(machine, { at: 'awake', token: 0, told });
}

function dispatcher({ dispatchers, row, machine, deaths }: State, { who, protocol, may }: Actor): void {
  const phase = dispatchers[who];
  const name = `dispatcher ${who + 1}`;
  const is = (now: Dispatcher) => becomes('dispatchers', who, now);
  const tickOff = (next: State) => {
    if (next.row.resume === 'PENDING') next.row.resume = 'SENT';
  };
  const { registered } = machine;
  const works = protocol.sends === 'until heard';
  may(`${name} reads the row`, works && phase === 'rest' && row.resume === 'PENDING', is('read'));
  may(`${name} finds a token`, phase === 'read' && registered > 0, is(registered));
  may(`${name} finds no token`, phase === 'read' && registered === 0, is('rest'), (next) => {
    if (protocol.ticksOff === 'without a token') tickOff(next);
  });
  may(`${name} sends`, typeof phase === 'number', is('rest'), (next) => {
    answer(next, phase as number, row.status as Outcome);
    if (protocol.ticksOff === 'after sending') tickOff(next);
  });
  may(`${name} dies`, phase !== 'rest' && deaths < DEATHS, is('rest'), die);
}

function machine({ machine: { at, token, registered } }: State, may: May): void {
  const isWaiting = at === 'waiting';
  may('machine registers', isWaiting && registered < token, ({ machine }) => {
    machine.registered = machine.token;
  });
  may('machine renews its token', isWaiting && token === 1, ({ machine }) => {
    machine.token = 2;
  });
  may('time is over', isWaiting, ({ machine }) => {
    Object.assign(machine, { at: 'awake', token: 0, told: 'EXPIRED' });
  });
}

function loader(state: State, { protocol, may }: Pick<Actor, 'protocol' | 'may'>): void {
  const { row, loader: seen, machine, deaths } = state;
  const isAwake = machine.at === 'awake';
  const saw = (loader: State['loader']) => (next: State) => void Object.assign(next, { loader });
  const isSame =
    !protocol.comparesStatus || (seen !== '' && seen.status === row.status && seen.resume === row.resume);
  if (protocol.believes === 'answer') {
    may('machine believes the answer', isAwake, ({ machine }) => {
      Object.assign(machine, { at: 'ended', branch: machine.told });
    });
    return;
  }
  may('loader reads', isAwake && !seen, saw({ ...row }));
  if (!isAwake || !seen) return;
  const isPending = seen.status === 'PENDING';
  may('loader expires it', isPending && isSame, saw(''), (next) => settle(next, 'EXPIRED'));
  may('loader hears it', !isPending && isSame, saw(''), (next) => {
    next.row.resume = 'RESUMED';
    Object.assign(next.machine, { at: 'ended', branch: seen.status });
  });
  may('loader finds it changed', !isSame, saw(''));
  may('loader dies', deaths < DEATHS, saw(''), die);
  may('loader dies after it heard', !isPending && isSame && deaths < DEATHS, saw(''), die, (next) => {
    next.row.resume = 'RESUMED';
  });
}

function executor({ executors, row, machine, deaths }: State, { who, protocol, may }: Actor): void {
  const phase = executors[who];
  const name = `executor ${who + 1}`;
  const is = (now: Executor) => becomes('executors', who, now);
  const isCalled = machine.branch === 'APPROVED' && phase === 'rest';
  const isFree = row.status === 'APPROVED' || !protocol.claims;
  const trusts = protocol.believes === 'answer';
  may(`${name} checks`, isCalled, is(row.status === 'APPROVED' || trusts ? 'checked' : 'done'));
  may(`${name} claims`, phase === 'checked' && (isFree || trusts), is('claimed'), ({ row }) => {
    if (protocol.claims && row.status === 'APPROVED') row.status = 'EXECUTING';
  });
  may(`${name} finds it claimed`, phase === 'checked' && !isFree && !trusts, is('done'));
  may(`${name} acts`, phase === 'claimed', is('done'), (next) => {
    next.effects += 1;
  });
  may(`${name} dies`, (phase === 'checked' || phase === 'claimed') && deaths < DEATHS, is('rest'), die);
}

function die(next: State): void {
  next.deaths += 1;
}
