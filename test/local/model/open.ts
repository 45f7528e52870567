import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BaseAnthropic } from '@anthropic-ai/sdk/client';
import {
  type MessageCreateParamsNonStreaming,
  Messages,
} from '@anthropic-ai/sdk/resources/messages/messages';
import type { BatchTrouble } from '#local/model/batches.ts';
import { scriptedModel } from '#local/model/model.ts';

export const KEY = 'sk-local-test';

/** A scripted model on a port of its own that plays `scripts`, and clients of the real SDK for it. */
export async function openModel(...scripts: object[]) {
  return openModelWith({}, ...scripts);
}

/** The same, with trouble in its batches. */
export async function openModelWith(batches: BatchTrouble, ...scripts: object[]) {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-model-'));
  for (const [index, script] of scripts.entries())
    writeFileSync(join(folder, `${index}.json`), JSON.stringify(script));
  const handle = scriptedModel({ folder, key: KEY, batches });
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  function client(options: { apiKey?: string; maxRetries?: number; headers?: Record<string, string> } = {}) {
    const { headers, ...rest } = options;
    const settings = {
      apiKey: KEY,
      baseURL,
      timeout: 10_000,
      maxRetries: 0,
      defaultHeaders: headers,
      ...rest,
    };
    return new Messages(new BaseAnthropic(settings) as never);
  }

  return {
    baseURL,
    client,
    close: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export type Params = MessageCreateParamsNonStreaming;

/** The smallest request that is right. */
export function params(more: Partial<Params> | Record<string, unknown> = {}): Params {
  const messages = [{ role: 'user' as const, content: 'Ticket ETL-142: orders are missing' }];
  return { model: 'claude-opus-5-5', max_tokens: 1000, messages, ...more } as Params;
}

export const BASH = {
  name: 'bash',
  description: 'Runs a command',
  input_schema: { type: 'object', properties: { command: { type: 'string' } }, additionalProperties: false },
  strict: true,
} as const;
