import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { Fault } from '#core/fault.ts';
import { http, type Route } from '../http.ts';

/** `WEB_ROOT`: folder of the built page, relative to the working directory (Lambda's is the bundle). */
export const Env = z.object({ WEB_ROOT: z.string() });
export type Env = z.infer<typeof Env>;

const TYPES: Record<string, string> = {
  'index.html': 'text/html; charset=utf-8',
  'main.js': 'text/javascript; charset=utf-8',
  'style.css': 'text/css; charset=utf-8',
  'icon.svg': 'image/svg+xml',
};

/** Only our own script and style, only our own API: what a ticket says can never run here. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/** GET /, /tickets/{id}, /approvals: the page. GET /assets/{file}: its four files, and nothing else from the disk. */
export function dashboard(root: string): Route {
  return async ({ params }) => {
    const file = params.file ?? 'index.html';
    const type = TYPES[file];
    if (!type) throw new Fault('NotFound', `There is no ${file}`);
    const bytes = await readFile(join(root, file));
    return { status: 200, asset: { type, bytes }, headers: { 'content-security-policy': POLICY } };
  };
}

export const handler = http(Env, async ({ WEB_ROOT }) => dashboard(WEB_ROOT));
