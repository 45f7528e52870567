import { describe, expect, it } from 'vitest';
import { failureIn, failureOf, installCause, type Trouble } from '#core/taps/failure.ts';
import { farAhead } from '#core/taps/selection.ts';

const trouble = (more: Partial<Trouble>): Trouble => ({ code: 1, stderr: '', ...more });
const traceback = (last: string) =>
  `INFO start\nTraceback (most recent call last):\n  File "/w/tap_x/tap.py", line 401, in sync\n    raise Error(403)\n${last}\n`;

describe('why a command failed', () => {
  it.each<[what: string, given: Partial<Trouble>, expected: string]>([
    ['stopped', { code: null, stopped: 'it took too long', stderr: '401 Client Error' }, 'SANDBOX stopped'],
    ['out of memory', { code: 137 }, 'SANDBOX killed'],
    [
      'kept off the network',
      { stderr: traceback('OSError: Tunnel connection failed: 403 Forbidden') },
      'SANDBOX egress-denied',
    ],
    [
      'pip, old Python',
      { isInstall: true, stderr: "ERROR: Package 'x' requires a different Python: 3.11.2 not in '<3.11'" },
      'INSTALL python-version',
    ],
    [
      'uv, no version',
      { isInstall: true, stderr: 'Because x==9 was not found in the package registry' },
      'INSTALL no-distribution',
    ],
    [
      'an index that does not answer',
      {
        isInstall: true,
        stderr:
          'WARNING: Retrying (Retry(total=4)) after NewConnectionError\nERROR: No matching distribution found for x',
      },
      'UPSTREAM index-unreachable',
    ],
    [
      'an index that uv cannot reach',
      {
        isInstall: true,
        stderr: 'error: Failed to build `x`\n  cause: Failed to fetch: https://index.example/simple/x/',
      },
      'UPSTREAM index-unreachable',
    ],
    [
      'a config that means nothing',
      { hasNoConfig: true, stderr: traceback('AssertionError: Need either a url or a host to be set') },
      'CONFIG no-config',
    ],
    [
      'code, whatever the config',
      { hasNoConfig: true, stderr: traceback("TypeError: missing 1 required positional argument: 'config'") },
      'CODE_ERROR traceback',
    ],
    ['a strange installer', { isInstall: true, stderr: 'TypeError: what' }, 'INSTALL traceback'],
    [
      'a library that is not there',
      { stderr: traceback("ModuleNotFoundError: No module named 'requests'") },
      'INSTALL dependency-missing',
    ],
    [
      'its own module',
      { stderr: traceback("ModuleNotFoundError: No module named 'tap_x.client'"), modules: ['tap_x'] },
      'CODE_ERROR own-module',
    ],
    [
      'SDK config',
      {
        stderr: traceback(
          "hotglue_singer_sdk.exceptions.ConfigValidationError: Config validation failed: 'a' is required",
        ),
      },
      'CONFIG config-schema',
    ],
    [
      'singer-python config',
      { stderr: traceback("Exception: Config is missing required keys: ['token']") },
      'CONFIG config-schema',
    ],
    [
      'a setting asked for by name',
      { stderr: traceback("KeyError: 'account_id'"), settings: ['account_id'] },
      'CONFIG config-key',
    ],
    [
      'a key of a config that nobody gave',
      { stderr: traceback("KeyError: 'path'"), hasNoConfig: true },
      'CONFIG config-key',
    ],
    [
      'any other key',
      { stderr: traceback("KeyError: 'parentIdn'"), settings: ['account_id'] },
      'CODE_ERROR traceback',
    ],
    [
      'hotglue 401',
      {
        stderr: traceback(
          'hotglue_singer_sdk.exceptions.FatalAPIError: 401 Client Error: Unauthorized for path: /items',
        ),
      },
      'AUTH http-401',
    ],
    [
      'hotglue 403',
      { stderr: traceback('FatalAPIError: 403 Client Error: Forbidden for path: /items') },
      'AUTH http-403',
    ],
    [
      'bad refresh',
      { crash: "\nInvalidCredentialsError: Failed OAuth login, response was '{}'" },
      'AUTH oauth',
    ],
    [
      '429',
      { stderr: traceback('RetriableAPIError: 429 Client Error: Too Many Requests for path: /items') },
      'RATE_LIMIT http-429',
    ],
    [
      '500',
      { stderr: traceback('RetriableAPIError: 500 Server Error: Internal Server Error for path: /items') },
      'UPSTREAM http-5xx',
    ],
    [
      'no connection',
      { stderr: traceback('requests.exceptions.ConnectionError: Connection aborted.') },
      'UPSTREAM connection',
    ],
    [
      '404',
      { stderr: traceback('FatalAPIError: 404 Client Error: Not Found for path: /items') },
      'API_CHANGE http-404',
    ],
    [
      'HTML',
      {
        stderr: traceback('requests.exceptions.JSONDecodeError: Expecting value: line 1 column 1 (char 0)'),
        statuses: [200],
      },
      'API_CHANGE not-json',
    ],
    [
      'a plain error after a 401',
      { stderr: traceback("TypeError: 'NoneType' object is not iterable"), statuses: [200, 401] },
      'AUTH http-401',
    ],
    [
      'the same error after a 200',
      { stderr: traceback("TypeError: 'NoneType' object is not iterable"), statuses: [401, 200] },
      'CODE_ERROR traceback',
    ],
    [
      'out of order',
      { stderr: traceback('InvalidStreamSortException: Unsorted data detected') },
      'DATA_QUALITY unsorted',
    ],
    [
      'a date',
      { stderr: traceback('dateutil.parser._parser.ParserError: Unknown string format: yesterday') },
      'DATA_QUALITY date',
    ],
    [
      'a loop',
      { stderr: traceback('RuntimeError: Loop detected in pagination.') },
      'CODE_ERROR pagination-loop',
    ],
    [
      'an unknown flag',
      { code: 2, stderr: 'usage: tap-x\ntap-x: error: unrecognized arguments: --discover' },
      'CODE_ERROR usage',
    ],
    ['nothing known', { stderr: 'bye' }, 'UNKNOWN none'],
  ])('%s', (_, given, expected) => {
    const { class: of, rule, line } = failureOf(trouble(given));

    expect(`${of} ${rule}`).toBe(expected);
    expect(line).not.toBe('');
  });

  it('asks the crash report first, and the cause of a chained error with it', () => {
    const chained = `${traceback('HTTPError: HTTP Error 401: Unauthorized')}\nThe above exception was the direct cause of the following exception:\n\n${traceback('ValueError: nothing').slice('INFO start\n'.length)}`;

    expect(failureOf(trouble({ stderr: chained })).class).toBe('AUTH');
    expect(
      failureOf(trouble({ stderr: chained, crash: '\nRetriableAPIError: 503 Server Error' })).class,
    ).toBe('UPSTREAM');
  });
});

it('blames the API before the data, and the data before the code', () => {
  const violation = { severity: 'error' as const, count: 1, firstLine: 3, text: 'x' };

  expect(
    failureIn([
      { ...violation, kind: 'noise' },
      { ...violation, kind: 'key-missing' },
    ])?.class,
  ).toBe('DATA_QUALITY');
  expect(
    failureIn([
      { ...violation, kind: 'key-missing' },
      { ...violation, kind: 'wrong-type' },
    ])?.class,
  ).toBe('SCHEMA_CHANGE');
  expect(failureIn([])).toBeUndefined();
});

it('moves the times of a state, and nothing else', () => {
  expect(farAhead({ a: '2026-01-01', b: { c: '2026-01-01T00:00:00Z', d: 7, e: 'x' } })).toEqual({
    a: '2999-01-01',
    b: { c: '2999-01-01T00:00:00Z', d: 7, e: 'x' },
  });
  expect(farAhead({ page: 7 })).toBeUndefined();
});

it('tells why an installer failed, rather than that it did', () => {
  const output =
    '      LookupError: setuptools-scm was unable to detect version for /w/x.\n      [end of output]\n\n  note: This error originates from a subprocess\nerror: metadata-generation-failed\n\n× Encountered error while generating package metadata.\n╰─> See above for output.\n\nhint: See above for details.';

  expect(installCause(output)).toBe('LookupError: setuptools-scm was unable to detect version for /w/x.');
});
