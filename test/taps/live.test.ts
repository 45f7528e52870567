import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { factsAbout } from '#containers/tap/about.ts';
import { lookLive, type Shown } from '#containers/tap/live.ts';
import { environment, interpreterFor } from '#containers/verify/environment.ts';
import { fileCredentials } from '../../bin/taps/credentials.ts';
import { bench } from '../../bin/taps/subject.ts';
import { PROJECTS, writeProject } from './projects.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signalbox-live-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What the weekly check sees of a project with its config. */
async function shown(name: string): Promise<Shown> {
  const place = await writeProject(name, folder);
  const made = await bench({ place, isUnsandboxed: true, hosts: [] });
  const shop = { ...made.shop, hands: { ...made.shop.hands, carried: { up: 0, down: 0 }, reach: () => {} } };
  try {
    const interpreter = await interpreterFor(shop, made.head);
    if (typeof interpreter === 'string') throw new Error(interpreter);
    const own = await environment(shop, { tree: made.head, name: 'tap', interpreter });
    return await lookLive({
      ...{ shop, environment: own, commit: made.head, discovery: 'static', waivers: [], tenant: 'shop' },
      facts: await factsAbout(shop, { tree: made.head, called: name }),
      progress: () => {},
      credentials: fileCredentials(join(place, 'config.json')),
    });
  } finally {
    await made.close();
  }
}

const people = { records: 2, filled: ['id', 'name', 'updated_at'], undeclared: [], wrong: [] };
const none = { ...people, records: 0, filled: [] };

/** By project, what its records add to its catalog, or why they say nothing. */
const EXPECTED: Record<string, object> = {
  '01-static': { sampled: { people } },
  '04-envelope-renamed': { sampled: { people: none } },
  '05-wrong-types': {
    sampled: {
      people: {
        ...{ records: 1, wrong: expect.arrayContaining([expect.objectContaining({ path: 'id' })]) },
      },
    },
  },
  '06-undeclared-field': { sampled: { people: { ...people, undeclared: ['new_field'] } } },
  '07-401': { unsampled: expect.stringMatching(/^AUTH, http-401/) },
  '07-429': { unsampled: expect.stringMatching(/^RATE_LIMIT, http-429/) },
  '07-500': { unsampled: expect.stringMatching(/^UPSTREAM, http-5xx/) },
  '07-html': {
    sampled: { people: { ...none, failed: expect.stringMatching(/^API_CHANGE, not-json/) } },
    unsampled: expect.stringMatching(/^API_CHANGE, not-json/),
  },
  '08-oauth-rotates': { sampled: { people } },
  '21-leaky': {
    sampled: {
      people: { ...people, filled: ['[removed]', ...people.filled], undeclared: ['more [removed]'] },
    },
  },
  '20-endless': { sampled: { people: { filled: people.filled }, pets: { ...people, records: 1 } } },
};

/** It never ends, unless it is asked for one record of each stream. */
PROJECTS['20-endless'] = {
  kind: 'tap',
  code: `    # With singer-sdk it would be as here.
    def discover(self, config):
        [people] = Tap.discover(self, config)["streams"]
        return {"streams": [people, dict(people, stream="pets", tap_stream_id="pets")]}

    def sync(self, config, path, state):
        import itertools, sys
        for stream in ("people", "pets"):
            self.write(type="SCHEMA", stream=stream, schema={"type": "object", "properties": self.properties}, key_properties=self.keys)
            for id in [1] if "--test" in sys.argv else itertools.count(1):
                self.write(type="RECORD", stream=stream, record=dict(self.rows[0], id=id))
`,
};

/** It calls a field by its own key. */
PROJECTS['21-leaky'] = {
  kind: 'tap',
  code: `    def discover(self, config):
        self.properties = dict(Tap.properties, **{config["api_key"]: {"type": "string"}})
        return Tap.discover(self, config)

    def sync(self, config, path, state):
        self.discover(config)
        self.rows = [dict(row, **{config["api_key"]: config["api_key"], "more " + config["api_key"]: 1}) for row in Tap.rows]
        Tap.sync(self, config, path, state)
`,
};

/** Each installs a project: at full size every one. */
const FULL = Boolean(process.env.SIGNALBOX_FULL);
const QUICK = ['07-html', '20-endless', '21-leaky'];
const chosen = Object.keys(EXPECTED).filter((name) => FULL || QUICK.includes(name));

describe('a tap with its config', { timeout: 120_000 }, () => {
  it.each(chosen)('shows what there is, or why it says nothing: %s', async (name) => {
    const { catalog, config, ...rest } = await shown(name);

    expect(JSON.parse(catalog).streams[0].stream).toBe('people');
    expect(config).toMatch(/^[0-9a-f]{16}$/);
    expect(rest).toMatchObject(EXPECTED[name] ?? {});
    expect(Object.keys(rest).sort()).toEqual(Object.keys(EXPECTED[name] ?? {}).sort());
    expect(catalog + JSON.stringify(rest)).not.toMatch(/first-refresh-token|a-key-of-this-project/);
  });

  it.runIf(FULL)('keeps what it makes of its config', async () => {
    await shown('08-oauth-rotates');
    const { refresh_token: kept } = JSON.parse(
      await readFile(join(folder, '08-oauth-rotates', 'config.json'), 'utf8'),
    );

    expect(kept).toBe('rotated-first-refresh-token');
  });

  it.runIf(FULL)('says why there is no catalog, and never that streams are gone', async () => {
    await expect(shown('09-discover-swallows-403')).rejects.toThrow(/^Discovery failed: .*403/);
  });
});
