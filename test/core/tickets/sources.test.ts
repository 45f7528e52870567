import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { document } from '#adapters/jira/answer.ts';
import { parse } from '#core/parse.ts';
import {
  fromIssue,
  fromPullRequest,
  IssueDelivery,
  PullRequestDelivery,
} from '#core/tickets/sources/github.ts';
import { fromJira, isTimely, JiraDelivery } from '#core/tickets/sources/jira.ts';
import { fromNewIssue, NewIssue } from '#core/tickets/sources/rest.ts';
import { priorityNamed, typeNamed } from '#core/tickets/sources/words.ts';
import { Draft } from '#core/tickets/ticket.ts';
import type { Meaning } from '#core/tickets/told.ts';

interface Examples {
  name: string;
  examples: { action?: string }[];
}
const EXAMPLES: Examples[] = createRequire(import.meta.url)('@octokit/webhooks-examples');
const jira = JSON.parse(readFileSync('local/demo/jira-ticket.json', 'utf8'));

function examples(name: string) {
  return EXAMPLES.find((one) => one.name === name)?.examples ?? [];
}

/** The request as its source tells it, whether it is new or not. */
function draftIn(meaning: Meaning): Draft {
  const draft = meaning.kind === 'request' ? meaning.draft : meaning.kind === 'told' && meaning.told.as;
  if (!draft) throw new Error(`There is no draft in what is ${meaning.kind}`);
  return draft;
}

describe("GitHub's own examples", () => {
  it('has some', () => {
    expect(examples('issues').length).toBeGreaterThan(20);
    expect(examples('pull_request').length).toBeGreaterThan(20);
  });

  it.each(examples('issues').map((one, at) => [one.action, at, one]))(
    'reads an issue: %s %i',
    (action, _, one) => {
      const made = fromIssue('acme', parse(IssueDelivery, one));

      expect(made.kind === 'request').toBe(action === 'opened' || action === 'reopened');
      expect(parse(Draft, draftIn(made))).toEqual(draftIn(made));
      expect(made).toMatchObject({
        told: { state: action === 'deleted' || action === 'transferred' ? 'closed' : 'open' },
      });
    },
  );

  it.each(examples('pull_request').map((one, at) => [one.action, at, one]))(
    'reads a pull request: %s %i',
    (action, _, one) => {
      const { kind } = fromPullRequest('acme', parse(PullRequestDelivery, one));

      expect(kind).toBe(action === 'closed' ? 'outcome' : 'ignored');
    },
  );

  it('understands an opened issue', () => {
    const opened = examples('issues').find(({ action }) => action === 'opened');

    expect(draftIn(fromIssue('acme', parse(IssueDelivery, opened)))).toMatchObject({
      externalId: 'Codertocat/Hello-World#1',
      title: 'Spelling error in the README file',
      type: 'bug',
      concerns: ['Codertocat/Hello-World'],
      reporter: { name: 'Codertocat' },
    });
  });
});

describe('Jira', () => {
  it('understands a created issue', () => {
    expect(parse(Draft, draftIn(fromJira('acme', parse(JiraDelivery, jira))))).toMatchObject({
      externalId: 'ETL-142',
      url: 'https://acme.atlassian.net/browse/ETL-142',
      type: 'bug',
      priority: 'high',
      concerns: ['tap-orders'],
      reporter: { name: 'Mara Lindqvist', email: 'mara@acme.example' },
    });
  });

  it.each([
    ['our label was added', [{ field: 'labels', fromString: 'a', toString: 'a signalbox' }], true],
    ['it was there before', [{ field: 'labels', fromString: 'signalbox', toString: 'signalbox b' }], false],
    ['something else changed', [{ field: 'status', fromString: 'a', toString: 'signalbox' }], false],
    ['the change says nothing', [{ field: 'labels' }], false],
  ])('takes an update when %s: %#', (_, items, isTaken) => {
    const update = { ...jira, webhookEvent: 'jira:issue_updated', changelog: { items } };

    expect(fromJira('acme', parse(JiraDelivery, update)).kind).toBe(isTaken ? 'request' : 'told');
  });

  it.each([
    [
      'our own answer is no news, whoever wrote it for us',
      document({ headline: 'x', url: 'https://s.example/tickets/tk_0123456789abcdef' }),
      'ignored',
    ],
    [
      'our own answer as wiki text is none',
      '*x.*\n\n[Follow it|https://s.example/tickets/tk_0123456789abcdef]',
      'ignored',
    ],
    ["somebody's words are", 'See /tickets/tk_0123456789abcdef', 'told'],
  ])('%s', (_, body, kind) => {
    const comment = { id: '7', body, author: { displayName: 'Mara', accountType: 'atlassian' } };
    const delivery = { ...jira, webhookEvent: 'comment_created', comment };

    expect(fromJira('acme', parse(JiraDelivery, delivery)).kind).toBe(kind);
  });

  it('reads an Atlassian document', () => {
    const paragraph = (text: string) => ({ type: 'paragraph', content: [{ type: 'text', text }] });
    const description = { type: 'doc', version: 1, content: [paragraph('one'), paragraph('two')] };
    const issue = { ...jira.issue, fields: { ...jira.issue.fields, description } };

    expect(draftIn(fromJira('acme', parse(JiraDelivery, { ...jira, issue }))).body).toBe('one\ntwo\n');
  });

  it.each([
    ['now', 0, true],
    ['an hour old', -3_600_000, true],
    ['older', -3_600_001, false],
    ['five minutes ahead', 300_000, true],
    ['further ahead', 300_001, false],
  ])('judges a delivery that is %s', (_, offset, isIn) => {
    const now = new Date('2026-11-20T10:00:00Z');

    expect(isTimely(JSON.stringify({ timestamp: now.getTime() + offset }), now)).toBe(isIn);
  });
});

describe('REST', () => {
  const sender = {
    org: 'acme',
    source: 'rest' as const,
    reporter: { name: 'API key' },
    deliveryId: 'key-1',
    receivedAt: '2026-11-20T10:00:00.000Z',
  };

  it('keeps what the ERP tells beside the text', () => {
    const context = {
      module: 'orders',
      organizationId: 'c-7',
      affectedFiles: ['a.py'],
      metadata: { run: 1e300 },
    };

    expect(fromNewIssue(parse(NewIssue, { title: ' Late ', context }), sender)).toMatchObject({
      externalId: 'key-1',
      title: 'Late',
      concerns: ['orders'],
      metadata: { organizationId: 'c-7', affectedFiles: ['a.py'], run: 1e300 },
    });
  });

  it.each([
    ['title', { title: '  ' }],
    ['priority', { title: 'a', priority: 'soon' }],
    ['priorty', { title: 'a', priorty: 'high' }],
    ['context.metadata', { title: 'a', context: { metadata: { big: 'x'.repeat(20_000) } } }],
    ['context.affectedFiles[0]', { title: 'a', context: { affectedFiles: [7] } }],
  ])('names %s when it is wrong', (field, body) => {
    expect(() => parse(NewIssue, body)).toThrow(field);
  });

  it('takes text that no table takes as it is', () => {
    const made = fromNewIssue(
      parse(NewIssue, { title: 'half \ud83d', description: 'a\u0000b \udc00' }),
      sender,
    );

    expect(made.title.isWellFormed() && made.body.isWellFormed()).toBe(true);
  });
});

it.each([
  [typeNamed(['Bug']), 'bug'],
  [typeNamed(['kind/feature']), 'feature'],
  [typeNamed(['type: schema_drift']), 'schema_drift'],
  [typeNamed(['ledger', 'Story']), 'feature'],
  [typeNamed(['constructor', 'toString']), undefined],
  [priorityNamed(['Highest']), 'critical'],
  [priorityNamed(['priority/low']), 'low'],
  [priorityNamed([undefined]), undefined],
])('%#: understands %s', (found, expected) => {
  expect(found).toBe(expected);
});
