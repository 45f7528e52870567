import type { FailureClass } from './failure.ts';

type Rule = [rule: string, failure: FailureClass, pattern: RegExp];

/** In order. Whoever adds one adds the words it was made for to test/core/taps/failure.test.ts. */
export const RULES: Rule[] = [
  ['egress-denied', 'SANDBOX', /Tunnel connection failed: 403|ProxyError|the project does not name it/],
  [
    'no-resolver',
    'SANDBOX',
    /Temporary failure in name resolution|Name or service not known|Network is unreachable/,
  ],
  ['disk-full', 'SANDBOX', /No space left on device|Disk quota exceeded|File too large/],
  ['memory', 'SANDBOX', /^MemoryError|Cannot allocate memory/],
  [
    'index-unreachable',
    'UPSTREAM',
    /Retrying \(Retry|NewConnectionError|error sending request for url|Failed to fetch|dns error/,
  ],
  ['python-version', 'INSTALL', /requires a different Python|does not satisfy Python|requires-python/i],
  [
    'no-distribution',
    'INSTALL',
    /No matching distribution|No solution found|ResolutionImpossible|not found in the package registry/,
  ],
  [
    'wheel-build',
    'INSTALL',
    /Failed (?:building wheel|to build)|metadata-generation-failed|subprocess-exited-with-error/,
  ],
  [
    'config-schema',
    'CONFIG',
    /Config ?[Vv]alidation ?(?:Error|failed)|Config is missing required keys|config lacks/,
  ],
  ['config-file', 'CONFIG', /FileNotFoundError.*config|No valid authentication method found/],
  ['oauth', 'AUTH', /InvalidCredentialsError|Failed OAuth login|invalid_grant|invalid_client/],
  [
    'http-403',
    'AUTH',
    /\b403 Client Error|HTTP Error 403|(?:status|code|error)\D{0,20}\b403\b|\b403 Forbidden|insufficient.{0,20}(?:scope|permission)/i,
  ],
  [
    'http-401',
    'AUTH',
    /\b401 Client Error|HTTP Error 401|(?:status|code|error)\D{0,20}\b401\b|\b401 Unauthorized|AuthenticationError/i,
  ],
  [
    'http-429',
    'RATE_LIMIT',
    /\b429 Client Error|HTTP Error 429|(?:status|code|error)\D{0,20}\b429\b|Too Many Requests|rate.?limit.{0,20}exceeded/i,
  ],
  [
    'http-5xx',
    'UPSTREAM',
    /\b5\d\d Server Error|HTTP Error 5\d\d|RetriableAPIError: 5\d\d|(?:status|code|error)\D{0,20}\b5(?:0[0-4]|2\d)\b/i,
  ],
  [
    'connection',
    'UPSTREAM',
    /ConnectionError|ConnectionRefused|Connection(?: |)(?:refused|reset|aborted)|RemoteDisconnected|ReadTimeout|ConnectTimeout|SSLError|timed out|AsyncJobPollingTimeout|Max retries exceeded/,
  ],
  [
    'http-404',
    'API_CHANGE',
    /\b4(?:04|10) Client Error|HTTP Error 4(?:04|10)|(?:status|code|error)\D{0,20}\b4(?:04|10)\b/i,
  ],
  ['not-json', 'API_CHANGE', /JSONDecodeError|Expecting value: line \d+ column/],
  [
    'schema-violation',
    'SCHEMA_CHANGE',
    /jsonschema\.exceptions\.ValidationError|RecordsWithoutSchema|InvalidRecord\b/,
  ],
  ['unsorted', 'DATA_QUALITY', /InvalidStreamSortException/],
  [
    'date',
    'DATA_QUALITY',
    /ParserError|Invalid isoformat string|time data .* does not match|Unknown string format/,
  ],
  ['payload', 'DATA_QUALITY', /InvalidPayloadError/],
  [
    'dependency-missing',
    'INSTALL',
    /ModuleNotFoundError: No module named|ImportError: cannot import name .* from '(?:hotglue_)?singer_sdk/,
  ],
  ['pagination-loop', 'CODE_ERROR', /Loop detected in pagination/],
  ['not-implemented', 'CODE_ERROR', /NotImplementedError/],
  [
    'traceback',
    'CODE_ERROR',
    /^(?:[\w.]+\.)?(?:Type|Attribute|Name|Key|Index|Value|Syntax|Indentation|ZeroDivision|UnboundLocal|Assertion|Recursion|Import|Lookup|Runtime|UnicodeDecode|UnicodeEncode)Error\b/,
  ],
  [
    'usage',
    'CODE_ERROR',
    /error: (?:unrecognized arguments|no such option|unexpected)|No such option|Got unexpected extra argument/i,
  ],
];
