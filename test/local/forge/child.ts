import { openTestForge } from './open.ts';

// A forge in a process of its own, to be killed. Arguments: its folder, and where its webhook points.
const [folder, url] = process.argv.slice(2) as [string, string];
const { forge, origin } = await openTestForge({ folder });
forge.setWebhook({ owner: 'acme', name: 'tap', url, secret: 'secret' });
await forge.resume();
process.stdout.write(`${origin}\n`);
