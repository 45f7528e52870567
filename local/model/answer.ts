import type { ServerResponse } from 'node:http';
import { setImmediate as breathe } from 'node:timers/promises';
import { type Event, eventsOf, wire } from './events.ts';
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
  for (const event of eventsOf(message, trouble)) {
    if (event.type === 'message_stop' && interrupt(response, trouble, 'end')) return;
    await write(response, wire(event), trouble);
    if (isTrouble(event, sent, answering)) return;
    sent = event.type;
  }
  response.end();
}

/** Whether an event holds some of a call's input. */
function isInput({ delta }: Event): boolean {
  return Boolean((delta as { partial_json?: string } | undefined)?.partial_json);
}

/** Whether the trouble strikes right after an event that came after one of type `sent`. */
function isTrouble(event: Event, sent: string | undefined, answering: Answering): boolean {
  const { type } = event;
  const { response, requestId, trouble } = answering;
  if (isInput(event) && interrupt(response, trouble, 'input')) return true;
  if (type === sent) return false;
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

async function write(response: ServerResponse, text: string, { drip, crlf }: Trouble = {}): Promise<void> {
  const bytes = Buffer.from(crlf ? text.replaceAll('\n', '\r\n') : text);
  const size = drip ?? bytes.length;
  for (let from = 0; from < bytes.length; from += size) {
    response.write(bytes.subarray(from, from + size));
    if (drip) await breathe();
  }
}
