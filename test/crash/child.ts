import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { count, lines, note } from './journal.ts';
import { type Trip, tripwire } from './tripwire.ts';

/** `node child.ts SCENARIO FOLDER [STEP MOMENT]`: plays a scenario to its end and prints the verdict, or dies on the way. */
const [scenarioName = '', folder = '', step, moment] = process.argv.slice(2);
const data = join(folder, 'data');
const journal = join(folder, 'journal');
note(journal, { what: 'boot', name: '' });
const wire = tripwire(step === undefined ? undefined : ({ step: Number(step), moment } as Trip));
wire.watchFiles(data);

const { start } = await import('#local/start.ts');
const { keptClock, worldOf } = await import('./world.ts');
const { scenario } = (await import(`./scenarios/${scenarioName}.ts`)) as {
  scenario: import('./world.ts').Scenario;
};
const local = await start({
  root: fileURLToPath(new URL('.', import.meta.url)),
  folder: data,
  assembly: join(folder, 'assembly'),
  parameters: () => ({ Journal: journal }),
  ports: { product: 0, aws: 0, mailbox: 0 },
  clock: keptClock(join(folder, 'ahead')),
  onCommit: wire.onCommit,
});
const world = worldOf(local, journal);
const played = await scenario.play(world).catch((error: Error) => [`${error.name}: ${error.message}`]);
const all = lines(journal);
const verdict = await scenario.check(world, all, count(all, 'boot', '') - 1);
await local.stop();
verdict.lost.push(...(played ?? []));
process.stdout.write(JSON.stringify({ steps: wire.steps(), ...verdict }));
process.exit(0);
