import type { ServerResponse } from 'node:http';
import { setImmediate as breathe } from 'node:timers/promises';
import { eventsOf, wire } from './events.ts';
import type { Message } from './message.ts';
import { errorBody } from './refusal.ts';
import type { Trouble } from './script.ts';

type Point = NonNullable<Trouble['drop']>;

interface Answering {
  response: ServerResponse;
  requestId: string;
  trouble: Trouble | undefined;
}

/** Sends a whole message as one JSON body, or as much of it as the trouble lets through. */
export function sendWhole(message: Message, { response, requestId, trouble }: Answering): void {
  const text = JSON.stringify(message);
  const ends = (point: Point) => interrupt(response, trouble, point);
  if (ends('headers')) return;
  response.writeHead(200, { 'content-type': 'application/json', 'request-id': requestId });
  response.write(text.slice(0, text.length / 2));
  if (ends('start') || ends('content')) return;
  response.end(text.slice(text.length / 2));
}

/** Streams a message as server-sent events, or as much of it as the trouble lets through. */
export async function sendStream(message: Message, answering: Answering): Promise<void> {
  const { response, requestId, trouble } = answering;
  if (interrupt(response, trouble, 'headers')) return;
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache',
    'request-id': requestId,
  });
  let sent: string | undefined;
  for (const event of eventsOf(message)) {
    if (event.type === 'message_stop' && interrupt(response, trouble, 'end')) return;
    await write(response, wire(event), trouble?.drip);
    if (event.type !== sent && isTrouble(event.type, answering)) return;
    sent = event.type;
  }
  response.end();
}

/** Whether the trouble strikes right after an event of this type. */
function isTrouble(type: string, { response, requestId, trouble }: Answering): boolean {
  if (type === 'message_start') return interrupt(response, trouble, 'start');
  if (type !== 'content_block_delta') return false;
  if (trouble?.event) response.end(wire(errorBody(529, trouble.event, requestId)));
  return trouble?.event !== undefined || interrupt(response, trouble, 'content');
}

/** Falls silent or breaks off at `point`, if that is the trouble. A silent answer ends when the client hangs up. */
function interrupt(response: ServerResponse, trouble: Trouble | undefined, point: Point): boolean {
  if (trouble?.stall === point) return true;
  if (trouble?.stall === 'pings' && point === 'start') return ping(response);
  if (trouble?.drop !== point) return false;
  if (point === 'end') response.end();
  else setTimeout(() => response.destroy(), 20); // let what was written leave first
  return true;
}

function ping(response: ServerResponse): true {
  const timer = setInterval(() => response.write('event: ping\ndata: {"type":"ping"}\n\n'), 50);
  response.on('close', () => clearInterval(timer));
  return true;
}

async function write(response: ServerResponse, text: string, drip: number | undefined): Promise<void> {
  const bytes = Buffer.from(text);
  const size = drip ?? bytes.length;
  for (let from = 0; from < bytes.length; from += size) {
    response.write(bytes.subarray(from, from + size));
    if (drip) await breathe();
  }
}
