import * as z from 'zod';
import { Fault } from '../fault.ts';

/** A host that commands may reach: `api.example.com`, `*.example.com` (what is below it), or either with `:8443`. */
export const HostPattern = z
  .string()
  .max(253)
  .regex(/^(\*\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]([a-z0-9-]*[a-z0-9])?(:\d{1,5})?$/);

/** Where packages come from, unless the operator names mirrors. */
export const MIRRORS = ['pypi.org', 'files.pythonhosted.org'];

export interface Destination {
  /** A name in lower case, or an address as every client would read it. */
  host: string;
  port: number;
}

/** Reads `host:port` as a URL would be read, so that `0x7f.1` and `2130706433` are the addresses that they stand for. */
export function destination(authority: string): Destination {
  const url = /[/?#@\\\s]/.test(authority) ? null : URL.parse(`http://${authority}`);
  if (!url) throw new Fault('Invalid', `${authority.slice(0, 200)} is not a host and a port`);
  return { host: url.hostname.replace(/\.$/, ''), port: Number(url.port || 80) };
}

/** Why a destination is not passed on; nothing when it is. Addresses never are: a name says whose they are. */
export function refusal(hosts: readonly string[], { host, port }: Destination): string | undefined {
  if (host.startsWith('[') || /^[\d.]+$/.test(host)) return 'addresses are not passed on, only names';
  return hosts.some((pattern) => fits(pattern, { host, port })) ? undefined : 'the project does not name it';
}

function fits(pattern: string, { host, port }: Destination): boolean {
  const [name = '', only = '443'] = pattern.split(':');
  if (port !== Number(only)) return false;
  return name.startsWith('*.') ? host.endsWith(name.slice(1)) : host === name;
}
