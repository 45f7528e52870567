import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FailureClass } from '#core/taps/failure.ts';
import type { IntegrationKind } from '#core/taps/step.ts';

/** A project made to fail in one way, and what is to be said of it. */
export interface Made {
  kind: IntegrationKind;
  /** Of its Python file, after the class that it changes is imported. */
  code: string;
  /** The first step that does not pass, and why; none where everything passes. */
  expected?: { step: string; class: FailureClass; rule: string };
  requires?: string;
  config?: object;
}

const answering = (status: number, body = '"no"') =>
  `    def answer(self, path, headers):\n        return ${status}, '${body}'\n`;

const etlWriting = (age: string) => `import csv, json, os

root = os.environ["ROOT_DIR"]
with open(os.path.join(root, "sync-output", "people.csv")) as source:
    rows = list(csv.DictReader(source))
os.makedirs(os.path.join(root, "etl-output"), exist_ok=True)
schema = {"type": "object", "properties": {"id": {"type": "string"}, "age": {"type": ["number", "null"]}}}
with open(os.path.join(root, "etl-output", "data.singer"), "w") as out:
    out.write(json.dumps({"type": "SCHEMA", "stream": "people", "schema": schema, "key_properties": ["id"]}) + "\\n")
    for row in rows:
        row["age"] = ${age}
        out.write(json.dumps({"type": "RECORD", "stream": "people", "record": row}) + "\\n")
`;

/** The fifteen of the design note, some in several variants, and a sound one of each kind. */
export const PROJECTS: Record<string, Made> = {
  '01-static': { kind: 'tap', code: '' },
  '02-nested-type': {
    kind: 'tap',
    code: '    properties = dict(Tap.properties, name={"type": [["object", "array", "null"], "null"]})\n',
    expected: { step: 'T5', class: 'CODE_ERROR', rule: 'catalog-unsound' },
  },
  '03-key-not-in-schema': {
    kind: 'tap',
    code: '    keys = ["idn"]\n',
    expected: { step: 'T5', class: 'CODE_ERROR', rule: 'catalog-unsound' },
  },
  '04-envelope-renamed': {
    kind: 'tap',
    code: '    envelope = "results"\n',
    expected: { step: 'T9', class: 'API_CHANGE', rule: 'volume-zero' },
  },
  '05-wrong-types': {
    kind: 'tap',
    code: '    rows = [{"id": "abc-uuid", "name": {"first": "Ada"}, "updated_at": "yesterday"}]\n',
    expected: { step: 'T9', class: 'SCHEMA_CHANGE', rule: 'wrong-type' },
  },
  '06-undeclared-field': {
    kind: 'tap',
    code: '    rows = [dict(row, new_field=1) for row in Tap.rows]\n',
    expected: { step: 'T9', class: 'SCHEMA_CHANGE', rule: 'undeclared-field' },
  },
  '07-401': {
    kind: 'tap',
    code: answering(401),
    expected: { step: 'T9', class: 'AUTH', rule: 'http-401' },
  },
  '07-429': {
    kind: 'tap',
    code: answering(429),
    expected: { step: 'T9', class: 'RATE_LIMIT', rule: 'http-429' },
  },
  '07-500': {
    kind: 'tap',
    code: answering(500),
    expected: { step: 'T9', class: 'UPSTREAM', rule: 'http-5xx' },
  },
  '07-html': {
    kind: 'tap',
    code: answering(200, '<html>Please sign in</html>'),
    expected: { step: 'T9', class: 'API_CHANGE', rule: 'not-json' },
  },
  '08-oauth-rotates': {
    kind: 'tap',
    code: `    def token(self, config, path):
        config["refresh_token"] = "rotated-" + config["refresh_token"]
        with open(path, "w") as file:
            json.dump(config, file)
        LOG.info("Latest refresh token: %s", config["refresh_token"])
        return config["refresh_token"]
`,
    config: { refresh_token: 'first-refresh-token', client_id: 'an-id-of-ours' },
  },
  '09-discover-swallows-403': {
    kind: 'tap',
    code: `${answering(403)}
    def discover(self, config):
        catalog = Tap.discover(self, config)
        try:
            self.request("/reports", "")
        except Exception as error:
            LOG.error("Error discovering stream reports: %s", error)
        return catalog
`,
    expected: { step: 'T5', class: 'AUTH', rule: 'http-403' },
  },
  '10-target-swallows-400': {
    kind: 'target',
    code: `    def send(self, stream, record):
        raise HTTPError("", 400, "Bad Request", {}, None)
`,
    expected: { step: 'G7', class: 'DATA_QUALITY', rule: 'records-refused' },
  },
  '11-unknown-sink': {
    kind: 'target',
    code: '    sinks = {"orders": "/orders"}\n',
    expected: { step: 'G7', class: 'CODE_ERROR', rule: 'unknown-sink' },
  },
  '11-sound-target': { kind: 'target', code: '' },
  '12-etl-nan': {
    kind: 'etl',
    code: etlWriting('float(row["age"] or "nan")'),
    expected: { step: 'E4', class: 'DATA_QUALITY', rule: 'nan' },
  },
  '12-sound-etl': { kind: 'etl', code: etlWriting('float(row["age"]) if row["age"] else None') },
  '13-noise': {
    kind: 'tap',
    code: `    def sync(self, config, path, state):
        print("Fetching people")
        Tap.sync(self, config, path, state)
`,
    expected: { step: 'T9', class: 'CODE_ERROR', rule: 'noise' },
  },
  '14-old-python': {
    kind: 'tap',
    code: '',
    requires: '<3.0',
    expected: { step: 'T1', class: 'INSTALL', rule: 'python-version' },
  },
  '15-hang': {
    kind: 'tap',
    code: `    timeout = None

    def answer(self, path, headers):
        import time
        time.sleep(3600)
`,
    expected: { step: 'T9', class: 'SANDBOX', rule: 'stopped' },
  },
};

const PARTS = join(import.meta.dirname, 'parts');

/** Writes a project where it can be installed and run. */
export async function writeProject(name: string, folder: string): Promise<string> {
  const {
    kind,
    code,
    requires = '>=3.8',
    config = { api_key: 'a-key-of-this-project', api_url: 'https://api.example.com' },
  } = PROJECTS[name] as Made;
  const place = join(folder, name);
  await mkdir(place, { recursive: true });
  await writeFile(join(place, 'config.json'), JSON.stringify(config));
  if (kind === 'etl') return writeEtl(place, code);
  const own = `${kind}-${name.slice(3)}`;
  const parent = kind === 'tap' ? 'Tap' : 'Target';
  const body = code || '    pass\n';
  const imports = kind === 'tap' ? 'LOG, Tap, json' : 'HTTPError, Target';
  const text = `from ${kind}_small import ${imports}\n\n\nclass Own(${parent}):\n${body}\n\ndef main():\n    Own().main()\n`;
  await writeFile(join(place, `${kind}_own.py`), text);
  for (const part of ['backend', `${kind}_small`])
    await cp(join(PARTS, `${part}.py`), join(place, `${part}.py`));
  await writeFile(join(place, 'pyproject.toml'), pyproject({ own, kind, requires }));
  if (kind === 'target') await cp(join(PARTS, 'input.singer'), join(place, 'input.singer'));
  return place;
}

async function writeEtl(place: string, code: string): Promise<string> {
  await writeFile(join(place, 'etl.py'), code);
  await writeFile(join(place, 'requirements.txt'), '');
  await mkdir(join(place, 'sync-output'), { recursive: true });
  await writeFile(join(place, 'sync-output', 'people.csv'), 'id,age\n1,36\n2,\n');
  return place;
}

function pyproject({ own, kind, requires }: { own: string; kind: string; requires: string }): string {
  return `[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "${own}"
version = "1.0"
requires-python = "${requires}"

[project.scripts]
${own} = "${kind}_own:main"
`;
}

export async function configOf(place: string): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(join(place, 'config.json'), 'utf8'));
}
