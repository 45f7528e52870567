import { describe, expect, it } from 'vitest';
import { destination, HostPattern, refusal } from '#core/agents/egress.ts';

const HOSTS = ['pypi.org', '*.shop.example', 'sandbox.example:8443'];

const allowed = (authority: string) => refusal(HOSTS, destination(authority)) === undefined;

describe('commands may reach', () => {
  it.each(['pypi.org:443', 'PyPI.org:443', 'pypi.org.:443', 'api.shop.example:443', 'sandbox.example:8443'])(
    '%s',
    (authority) => expect(allowed(authority)).toBe(true),
  );
});

describe('commands may not reach', () => {
  it.each([
    ['another port of a host that is named', 'pypi.org:22'],
    ['no port at all', 'pypi.org'],
    ['a name that begins like one', 'pypi.org.evil.example:443'],
    ['a name that ends like one', 'evilpypi.org:443'],
    ['what a wildcard stands below', 'shop.example:443'],
    ['a name that ends like a wildcard', 'evilshop.example:443'],
    ['an address', '203.0.113.7:443'],
    ['the credentials endpoint', '169.254.170.2:80'],
    ['an address in decimal', '2852039166:80'],
    ['an address in octal and hexadecimal', '0251.0xfe.43518:80'],
    ['an IPv6 address', '[2606:4700::1111]:443'],
    ['an IPv4 address in IPv6', '[::ffff:169.254.169.254]:80'],
    ['a name in other letters that look alike', 'pypі.org:443'],
  ])('%s', (_what, authority) => expect(allowed(authority)).toBe(false));

  it.each(['pypi.org:443/path', 'user@pypi.org:443', 'pypi.org:443 HTTP/1.1', 'pypi.org:99999', ''])(
    'what is no destination: %j',
    (authority) => expect(() => destination(authority)).toThrow(/not a host and a port/),
  );
});

it('a project names hosts, never addresses, schemes or everything', () => {
  const fine = ['api.example.com', '*.example.com', 'api.example.com:8443'];
  const not = [
    '*',
    '*.com.',
    '10.0.0.1',
    '[::1]',
    'localhost',
    'https://a.example',
    'a.example/x',
    'A.example',
  ];

  expect(fine.filter((one) => !HostPattern.safeParse(one).success)).toEqual([]);
  expect(not.filter((one) => HostPattern.safeParse(one).success)).toEqual([]);
});
