import { writeFileSync } from 'node:fs';
import { startProduct } from '../../bin/demo/product.ts';
import { fileDemoTicket } from '../../bin/demo/ticket.ts';
import { portsFrom } from '../../bin/ports.ts';
import { descendants, tryKill } from '../support/killed.ts';
import { type Trip, tripwire } from './tripwire.ts';

/** `node product.ts FOLDER PORT STEP MOMENT WHOM`: the product with its demo ticket, until it is killed or dies at a durable step. */
const [folder = '', port = '', step, moment, whom] = process.argv.slice(2);
const wire = tripwire({ step: Number(step), moment } as Trip, () => {
  if (whom === 'group') for (const pid of descendants(process.pid)) tryKill(pid);
});
wire.watchFiles(`${folder}/`);
const product = await startProduct({ folder, ports: portsFrom(port), onCommit: wire.onCommit });
setInterval(() => writeFileSync(`${folder}.steps`, String(wire.steps())), 100);
await fileDemoTicket(product);
