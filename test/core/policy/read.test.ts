import { describe, expect, it } from 'vitest';
import type { Problem } from '#core/policy/problem.ts';
import { isAcceptable, readPolicy } from '#core/policy/read.ts';

const RULES = `rules:
  - { id: read, action: repo.read, risk: low, mode: auto }
  - id: mail
    action: email.*
    risk: medium
    mode: ask
    approval: owner
    modifiable: [/subject]
    limits: { recipients: 20, pii: masked }
    over_limit: require_approval
    over_approval: leads
`;

const POLICY = `version: 1
tenant: acme
default: { mode: require_approval, risk: high, approval: leads }
approvals:
  owner: { groups: [requesters], self_approval: true, ttl: 1h }
  leads: { groups: [eng-leads], ttl: 4h, remind: [30m, 2h], escalate: [{ after: 3h, groups: [bosses] }] }
${RULES}budgets: [{ metric: cost_usd, window: 24h, limit: 50, over: require_approval }]
tests:
  - { name: few, action: email.send, facts: { recipients: 20, pii: none, cost_usd: 0 }, expect: ask }
  - { name: many, action: email.send, facts: { recipients: 21, pii: none }, expect: require_approval }
`;

const shown = (text: string, severity: 'error' | 'warning' = 'error') =>
  readPolicy(text)
    .problems.filter((one) => one.severity === severity)
    .map(({ line, column, path, message }) => `${line}:${column} ${path} ${message}`);

/** The text from a problem's place on. */
const after = (text: string, { line, column }: Problem) =>
  text
    .split('\n')
    .slice(line - 1)
    .join('\n')
    .slice(column - 1);

/** The errors of the policy with one part replaced. */
const changed = (from: string, to: string) => {
  expect(POLICY).toContain(from);
  return shown(POLICY.replace(from, to));
};

it('accepts a policy, and says what it makes looser than the default', () => {
  const read = readPolicy(POLICY, { version: 7 });

  expect(isAcceptable(read)).toBe(true);
  expect(read.active).toMatchObject({ version: 7, hash: expect.stringMatching(/^sha256:/) });
  expect(shown(POLICY, 'warning')).toEqual([
    '8:3 rules looser than the default, require_approval: read, mail',
  ]);
});

it('names a policy after what it says, not after how it is written', () => {
  const hash = (text: string) => readPolicy(text).active?.hash;

  expect(hash(`# ours\n${POLICY.replace('tenant: acme', 'tenant:   "acme"')}`)).toBe(hash(POLICY));
  expect(hash(POLICY.replace('limit: 50', 'limit: 51'))).not.toBe(hash(POLICY));
});

describe('an error', () => {
  it.each([
    [
      'over_limit: req',
      'over_limt: req',
      'over_limt',
      'rules[1].over_limt is not known here; did you mean over_limit?',
    ],
    ['mode: ask', 'mode: aks', 'aks', 'rules[1].mode "aks" is not known; did you mean ask?'],
    [
      ...(['mode: ask', 'mode: approve_on_timeout', 'approve_on_timeout'] as const),
      'rules[1].mode "approve_on_timeout" is not known; known are auto, ask, require_approval, deny',
    ],
    [
      'ttl: 1h',
      'ttl: 1 hour',
      '1 hour',
      'approvals.owner.ttl is no length of time; write it like 90s, 30m, 2h30m or 3d',
    ],
    ['ttl: 1h', 'ttl: 59s', '59s', 'approvals.owner.ttl is at least 60s'],
    ['ttl: 1h', 'ttl: 15d', '15d', 'approvals.owner.ttl is at most 14d'],
    [', ttl: 1h', '', '{ groups: [requesters]', 'approvals.owner.ttl is missing'],
    ['owner: {', 'Owner!: {', 'Owner!', 'approvals.Owner! takes small letters, digits, _ and -, at most 60'],
    ['email.*', '"*"', '"*"', 'rules[1].action is one action like slack.post_message, or slack.*'],
    [
      ...(['recipients: 20, pii', 'recipients: [20], pii', '[20]'] as const),
      'rules[1].limits.recipients is no limit: a number, true or false, or a word',
    ],
    ['version: 1', 'version: 2', '2', 'version 2 is not known; did you mean 1?'],
    [
      'after: 3h',
      'afer: 3h',
      'afer',
      'approvals.leads.escalate[0].afer is not known here; did you mean after?',
    ],
    ['id: mail', 'id: read', 'read\n', 'rules[1].id read is there twice'],
    [
      ...(['recipients: 20, pii', 'recipient: 20, pii', 'recipient: 20'] as const),
      'rules[1].limits.recipient no fact recipient is measured; did you mean recipients?',
    ],
    ['expect: ask', 'expect: auto', 'auto }', 'tests[0].expect expects auto, but mail says ask'],
  ])('says where it is and what was meant: %s → %s', (from, to, there, expected) => {
    expect(POLICY).toContain(from);
    const text = POLICY.replace(from, to);
    const found = readPolicy(text).problems.find(({ path, message }) => `${path} ${message}` === expected);

    expect(found && after(text, found).slice(0, there.length)).toBe(there);
  });

  it.each([
    [
      'over_approval: leads',
      'over_approval: leds',
      'rules[1].over_approval there is no approval leds; did you mean leads?',
    ],
    [
      'approval: leads }',
      'approval: nobody }',
      'default.approval there is no approval nobody; known are owner, leads',
    ],
    ['    approval: owner\n', '', 'rules[1] ask needs approval: who is asked'],
    ['mode: auto', 'mode: auto, approval: leads', 'rules[0].approval is never asked; leave it out'],
    ['    over_limit: require_approval\n', '', 'rules[1].limits need over_limit: what happens beyond them'],
    ['    limits: { recipients: 20, pii: masked }\n', '', 'rules[1].over_limit needs limits'],
    ['over_limit: require_approval', 'over_limit: ask', 'rules[1].over_limit is not stricter than ask'],
    [
      'recipients: 20, pii',
      'recipient: 20, pii',
      'rules[1].limits.recipient no fact recipient is measured; did you mean recipients?',
    ],
    [
      'recipients: 20, pii',
      'files_changed: 20, pii',
      'rules[1].limits.files_changed email.send has no files_changed, so it would always be over',
    ],
    ['pii: masked', 'pii: some', 'rules[1].limits.pii some is no limit of it: none, masked, raw'],
    [
      'recipients: 20, pii',
      'recipients: -1, pii',
      'rules[1].limits.recipients -1 is no limit of it: a number, 0 or more',
    ],
    [
      '[/subject]',
      '[/reply_to]',
      'rules[1].modifiable[0] email.send has no field /reply_to that can be modified',
    ],
    [
      'over_approval: leads',
      'over_approval: owner',
      'rules[1].over_approval owner lets people agree to their own requests, which require_approval never does',
    ],
    [
      'approval: leads }',
      'approval: owner }',
      'default.approval owner lets people agree to their own requests, which require_approval never does',
    ],
    [
      'self_approval: true',
      'self_approval: true, quorum: 2',
      'approvals.owner.self_approval contradicts a quorum of more than one',
    ],
    ['approval: owner', 'approval: leads', ''],
    [
      '[eng-leads], ttl',
      '[eng-leads], channels: [slack], ttl',
      'default.approval leads asks in Slack alone, where nothing of high risk can be decided',
    ],
    [
      '[30m, 2h]',
      '[2h, 30m]',
      'approvals.leads.remind[1] comes not after the one before, or not before the ttl ends',
    ],
    [
      'after: 3h',
      'after: 4h',
      'approvals.leads.escalate[0].after comes not after the one before, or not before the ttl ends',
    ],
    [
      'risk: low, mode: auto',
      'risk: high, mode: auto',
      'rules[0].mode nothing of high risk is automatic; ask, or lower the risk',
    ],
    ['metric: cost_usd', 'metric: pii', 'budgets[0].metric pii cannot be added up; known are'],
    [
      'facts: { recipients: 21',
      'facts: { recipint: 21',
      'tests[1].facts.recipint no fact recipint is measured; did you mean recipients?',
    ],
    ['expect: ask', 'expect: auto', 'tests[0].expect expects auto, but mail says ask'],
    ['recipients: 21', 'recipients: 2', 'rules[1].limits no test is over the limits of mail; add one'],
    [
      'recipients: 20, pii: none',
      'recipients: 200, pii: none',
      'rules[1].limits no test is within the limits of mail; add one',
    ],
  ])('of meaning says what cannot be meant: %s → %s', (from, to, expected) => {
    const found = changed(from, to);

    if (expected === '') expect(found).toEqual([]);
    else expect(found).toContainEqual(expect.stringContaining(expected));
  });

  it('is not seen in an approval that asks in Slack alone, at medium risk', () => {
    expect(shown(POLICY.replace('true, ttl', 'true, channels: [slack], ttl'))).toEqual([]);
  });

  it.each([
    [
      'a budget',
      POLICY.replace('over: require_approval }]', 'over: ask, approval: nobody }]'),
      'budgets[0].approval there is no approval nobody',
    ],
    [
      'the limits of a rule whose tests are of another action',
      POLICY.replace('many, action: email.send', 'many, action: repo.read').replace(
        'expect: require_approval',
        'expect: auto',
      ),
      'no test is over the limits of mail',
    ],
  ])('is seen in %s', (_, text, expected) => {
    expect(shown(text).join('\n')).toContain(expected);
  });

  it('of ask with a quorum says that ask takes one', () => {
    expect(
      shown(
        POLICY.replace('approval: owner', 'approval: leads').replace(
          '[eng-leads],',
          '[eng-leads], quorum: 2,',
        ),
      ),
    ).toContain('13:15 rules[1].approval leads needs 2 people, and ask takes one');
  });
});

describe('a warning', () => {
  it.each([
    [
      'email.*',
      'mail.*',
      'no action mail.* is known, so people decide on it whatever the mode; known are change_code',
    ],
    [
      'tenant: acme',
      'tenant: acme\ndomains: [acme.example]',
      'domains mail to everybody at acme.example is not external',
    ],
    [
      'action: repo.read',
      'action: policy.update',
      "rules[0] never decides: the platform's platform.policy_update is always stricter",
    ],
    [
      '- id: mail',
      '- { id: no, action: repo.*, risk: low, mode: deny }\n  - id: mail',
      'rules[0] never decides: no is always stricter',
    ],
    [
      'name: many, action: email.send',
      'name: many, action: emial.send',
      'tests[1].action no action emial.send is known',
    ],
  ])('is given for %s → %s', (from, to, expected) => {
    expect(shown(POLICY.replace(from, to), 'warning')).toContainEqual(expect.stringContaining(expected));
  });

  it('is not given for a rule that may become stricter than the one beside it', () => {
    const text = POLICY.replace(
      'rules:',
      'rules:\n  - { id: more, action: email.*, risk: low, mode: require_approval, approval: leads }',
    ).replace('over_limit: require_approval', 'over_limit: deny');

    expect(shown(text, 'warning').join()).not.toContain('never decides');
  });
});

it('takes for text what is quoted or in a block', () => {
  const names = ['"*x"', "'&x'", '"!x"', '|-\n      *x &y !z\n      %TAG', '>-\n      !x'];
  const tests = names.map((name) => `  - name: ${name}\n    action: repo.read\n    expect: auto\n`);

  expect(shown(`${POLICY}${tests.join('')}`)).toEqual([]);
});

describe('people', () => {
  const groups = { 'eng-leads': ['anna', 'ben'] };
  const errors = (text: string, members: Record<string, string[]>) =>
    readPolicy(text, { groups: members }).problems.filter(({ severity }) => severity === 'error');

  it('are enough when one of them asks', () => {
    expect(errors(POLICY, groups)).toEqual([]);
  });

  it('are enough when the one there is may agree to their own', () => {
    const text = POLICY.replace('[requesters]', '[solo]');

    expect(errors(text, { ...groups, solo: ['anna'] })).toEqual([]);
  });

  it.each([
    ['too few', POLICY, { 'eng-leads': ['anna'] }],
    ['none', POLICY, {}],
    ['one of them twice', POLICY, { 'eng-leads': ['anna', 'anna'] }],
    ['fewer than the quorum', POLICY.replace('[eng-leads],', '[eng-leads], quorum: 2,'), groups],
  ])('are refused when there are %s', (_, text, members) => {
    expect(errors(text, members)).toMatchObject([
      { path: 'approvals.leads.quorum', message: /could never pass/ },
    ]);
  });
});

describe('text that is more than it looks like', () => {
  it.each([
    ['an anchor', 'a: &x 1', '1:4 ', 'names a part (&)'],
    ['an alias', 'b: 1\na: *x', '2:4 ', 'refers to another part (*)'],
    ['a tag', 'a: !!js/function x', '1:4 ', 'has a tag (!)'],
    ['a core tag', 'a: !!str x', '1:4 ', 'has a tag (!)'],
    ['a tag of a list', 'a:\n  - !x b', '2:5 ', 'has a tag (!)'],
    ['a directive for tags', '%TAG ! x\n---\na: b', '1:1 ', 'has a directive (%)'],
    ['a merge', '<<: { a: 1 }', '1:1 ', 'merges another part'],
    ['a key twice', 'a: 1\na: 2', '2:1 ', 'the key a is there twice'],
    ['a key that is a number', '1: a', '1:1 ', 'is a key that is no word'],
    ['a key that is a list', '? [a]\n: b', '', 'is a key that is no word'],
    ['__proto__', 'rules: []\n__proto__: { mode: auto }', '2:1 ', '__proto__ is no key'],
    ['constructor', 'constructor: { prototype: {} }', '1:1 ', 'constructor is no key'],
    ['a directive', '%YAML 1.1\n---\na: no', '1:1 ', 'has a directive'],
    ['two documents', 'a: 1\n---\nb: 1', '1:1 ', 'holds several documents'],
    ['not a number', 'a: .nan', '1:4 ', 'is no exact number'],
    ['no end', 'a: .inf', '1:4 ', 'is no exact number'],
    ['a number that would be another', 'a: 9007199254740993', '1:4 ', 'is no exact number'],
    ['more than 64 KB', `# ${'x'.repeat(65_536)}`, '1:1 ', 'is larger than 64 KB'],
    ['something else than YAML', 'a: [', '1:5 ', ''],
    ['half a character', POLICY.replace('tenant: acme', 'tenant: "\\uD800"'), '1:1 ', 'Not canonical JSON'],
    ['nothing', '', '1:1 ', ''],
    ['a word', 'hello', '1:1 ', ''],
  ])('is refused: %s', (_, text, place, message) => {
    const [first] = shown(text);

    expect(first).toMatch(new RegExp(`^${place}`));
    expect(first).toContain(message);
  });

  it.each([
    ['lists', '['.repeat(65_000)],
    ['lists in lines', '- '.repeat(32_000)],
    ['maps', '{a: '.repeat(16_000)],
    ['keys', '? '.repeat(32_000)],
    ['a million lists', '['.repeat(1_000_000)],
    [
      'aliases of aliases',
      `a: &a [x]\n${Array.from({ length: 9 }, (_, at) => `b${at}: &b${at} [${'*a,'.repeat(9)}]`).join('\n')}`,
    ],
    ['thousands of keys', Array.from({ length: 8_000 }, (_, at) => `k${at}: 1`).join('\n')],
    ['thousands of errors', `rules:\n${'  - { id: 1 }\n'.repeat(4_000)}`],
  ])('is refused before it costs anything: %s', (_, text) => {
    const { problems, active } = readPolicy(text);

    expect(active).toBeUndefined();
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.length).toBeLessThanOrEqual(100);
  });
});
