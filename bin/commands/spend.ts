import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { Caps } from '#core/agents/caps.ts';
import { Bill, type Reconciliation, reconcile } from '#core/agents/reconcile.ts';
import type { Line, Spending } from '#core/agents/spending.ts';
import { parseJson } from '#core/parse.ts';
import type { CostRow } from '#core/runs/run.ts';
import { client } from '../client.ts';
import { columns, facts } from '../layout.ts';
import { CommandError, EXIT, money, terminal } from '../terminal.ts';

const HELP = `
Examples:
  npx signalbox spend --days 30
  npx signalbox spend caps --day 50 --ticket 20
  npx signalbox spend reconcile bill.json     [{"day": "2026-11-20", "model": "claude-opus-5-5", "usd": 12.34}, …]`;

const LEVELS = ['call', 'run', 'ticket', 'day'] as const;
type Window = { days: string };

/** `signalbox spend`: what models cost and what it was good for; `caps` bounds it, `reconcile` checks it against the bill. */
export function spend(program: Command): void {
  const asked = () => {
    const { url, json } = program.opts();
    return { api: client(url), out: terminal(json) };
  };
  const command = program
    .command('spend')
    .description('what models cost, per ticket, accepted patch, role and day')
    .option('--days <n>', 'so many days, today (UTC) included; 92 at most', '7')
    .addHelpText('after', HELP)
    .action(async ({ days }: Window) => {
      const { api, out } = asked();
      const found = await api.ask<Spent>(`/api/spend?days=${encodeURIComponent(days)}`);
      out.result(found, () => text(found));
    });
  capsCommand(command, asked);
  command
    .command('reconcile')
    .description("set the ledger beside the provider's bill; ends with 1 when they differ by more than 2 %")
    .argument('<file>', 'JSON: what was charged, by day and model')
    .action(async (file: string) => {
      const { api, out } = asked();
      const { days } = command.opts<Window>();
      const { costs } = await api.ask<{ costs: CostRow[] }>(`/api/costs?days=${encodeURIComponent(days)}`);
      const found = reconcile(costs, billOf(file));
      out.result(found, () => differences(found));
      if (found.alarms.length > 0) process.exitCode = EXIT.failed;
    });
}

type Asked = () => { api: ReturnType<typeof client>; out: ReturnType<typeof terminal> };
type Spent = Spending & { from: string; to: string };

function capsCommand(spendCommand: Command, asked: Asked): void {
  const command = spendCommand
    .command('caps')
    .description('what a call, a run, a ticket and a day may cost at most; admins set them')
    .action(async (given: Partial<Record<keyof Caps, string>>) => {
      const { api, out } = asked();
      const wanted = Object.fromEntries(Object.entries(given).map(([level, usd]) => [level, nano(usd)]));
      const isChange = Object.keys(wanted).length > 0;
      const options = isChange ? { method: 'PUT', body: wanted } : {};
      const { caps } = await api.ask<{ caps: Caps }>('/api/budgets', options);
      out.result({ caps }, () => facts(LEVELS.map((level) => [`per ${level}`, money(caps[level])])));
    });
  for (const level of LEVELS)
    command.option(`--${level} <usd>`, `dollars that one ${level} may cost at most`);
}

function nano(usd: string): number {
  const amount = Math.round(Number(usd) * 1e9);
  if (Number.isSafeInteger(amount) && amount > 0) return amount;
  throw new CommandError(`${usd} is no amount of dollars; say it like 12.50`, EXIT.usage);
}

function billOf(file: string): Bill {
  try {
    return parseJson(Bill, readFileSync(file, 'utf8'));
  } catch (error) {
    throw new CommandError(`${file} is not a bill: ${(error as Error).message}`, EXIT.usage);
  }
}

function text(found: Spent): string {
  const { nanoUsd, attempts, accepted, cacheHitRatio, waste, unsure, from, to } = found;
  const { refused, repaired, brokenOff, struck } = waste;
  const head = facts([
    [`${from} to ${to}`, `${money(nanoUsd)} in ${attempts} attempts`],
    [
      'accepted patches',
      accepted.nanoUsdEach === undefined
        ? '0'
        : `${accepted.tickets}, ${money(accepted.nanoUsdEach)} each with all that was not accepted`,
    ],
    [
      'from the cache',
      cacheHitRatio !== undefined && `${(cacheHitRatio * 100).toFixed(0)} % of prompt tokens`,
    ],
    [
      'wasted',
      `${money(refused + repaired + brokenOff + struck)}: refused ${money(refused)}, repaired ${money(repaired)}, broken off ${money(brokenOff)}, in circles ${money(struck)}`,
    ],
    ['not certain', unsureWords(unsure)],
  ]);
  const parts: [string, Line[]][] = [
    ['Role', found.byRole],
    ['Model', found.byModel],
    ['Day', found.byDay],
    ['Ticket', found.byTicket.slice(0, 20)],
  ];
  return [
    head,
    ...parts.filter(([, lines]) => lines.length > 0).map(([name, lines]) => table(name, lines)),
  ].join('\n\n');
}

function unsureWords({ estimated, unknown, unpriced }: Spending['unsure']): string | false {
  if (estimated + unknown + unpriced === 0) return false;
  return `estimated ${money(estimated)}, unknown ${money(unknown)}, without a known price ${money(unpriced)}`;
}

function table(name: string, lines: Line[]): string {
  return columns([
    [name, 'cost', 'attempts'],
    ...lines.map((line) => [line.name, money(line.nanoUsd), String(line.attempts)]),
  ]);
}

function differences({ differences: all, alarms }: Reconciliation): string {
  const rows = all.map(({ day, model, oursNanoUsd, theirsNanoUsd }) => [
    day,
    model,
    money(oursNanoUsd),
    money(theirsNanoUsd),
  ]);
  const found = alarms.length > 0 ? alarms.join('\n') : 'The ledger and the bill agree within 2 %.';
  return `${columns([['day', 'model', 'ledger', 'bill'], ...rows])}\n\n${found}`;
}
