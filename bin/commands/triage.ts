import type { Command } from 'commander';
import type { Lesson } from '#core/triage/adapt.ts';
import type { Trained } from '#core/triage/classifier.ts';
import { client } from '../client.ts';
import { columns, facts, moment } from '../layout.ts';
import { terminal } from '../terminal.ts';

type Trainings = Omit<Lesson, 'learned'> & { version: number; threshold?: number; habits: object };

interface State {
  corrections: number;
  classifier: Omit<Trained, 'weights'>;
  learned?: { version: number; at: string; labels: number; threshold?: number; habits: object };
}

const HELP = `
Examples:
  npx signalbox triage show
  npx signalbox triage train --json`;

/** `signalbox triage`: what triage knows of this organization, and how it learns from what leads corrected. */
export function triage(program: Command): void {
  const asked = () => {
    const { url, json } = program.opts();
    return { api: client(url), out: terminal(json) };
  };
  const command = program
    .command('triage')
    .description('how tickets are told apart, and what corrections have taught')
    .addHelpText('after', HELP);
  command
    .command('show')
    .description('the classifier that is shipped, and what this organization has taught it')
    .action(async () => {
      const { api, out } = asked();
      const state = await api.ask<State>('/api/triage');
      out.result(state, () => described(state));
    });
  command
    .command('train')
    .description('learn from the corrections; only what is better on corrections it was not taught is taken')
    .action(async () => {
      const { api, out } = asked();
      const came = await api.ask<Trainings>('/api/triage/train', { method: 'POST', body: {} });
      out.result(came, () => outcome(came));
    });
}

function described({ corrections, classifier, learned }: State): string {
  const { crossValidated: known, elsewhere } = classifier;
  return facts([
    ['classifier', `version ${classifier.version}, trained on ${classifier.examples} issues`],
    [
      'where it knows',
      `F1 ${known.macroF1.toFixed(3)}; answers ${share(known.coverage)}, ${share(known.accuracy)} right`,
    ],
    [
      'elsewhere',
      `F1 ${elsewhere.macroF1.toFixed(3)}; answers ${share(elsewhere.coverage)}, ${share(elsewhere.accuracy)} right`,
    ],
    ['corrections', String(corrections)],
    [
      'taught',
      learned
        ? `version ${learned.version}, ${moment(learned.at)}, from ${learned.labels} labels`
        : 'nothing yet',
    ],
    ['words', learned && Object.keys(learned.habits).join(', ')],
  ]);
}

function outcome({ version, labels, before, after, refused, threshold, habits }: Trainings): string {
  const table =
    before && after
      ? columns([
          ['', 'right', 'answers', 'of these right'],
          ['before', share(before.accuracy), share(before.coverage), share(before.answered)],
          ['after', share(after.accuracy), share(after.coverage), share(after.answered)],
        ])
      : undefined;
  return [
    `Version ${version}, from ${labels} labelled tickets.`,
    ...(table ? [`On corrections that it was not taught:\n${table}`] : []),
    ...(threshold === undefined ? [] : [`It answers by itself from ${share(threshold)} on.`]),
    ...refused.map((what) => `Left as it was: ${what}.`),
    ...(Object.keys(habits).length > 0
      ? [`Words that people gave a meaning: ${Object.keys(habits).join(', ')}.`]
      : []),
  ].join('\n');
}

function share(value: number): string {
  return `${Math.round(value * 100)} %`;
}
