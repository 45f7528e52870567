import { describe, expect, it } from 'vitest';
import { givenIn, mistyped } from '#core/singer/input.ts';
import { statusesIn, targetState } from '#core/singer/target-state.ts';

describe('what a target says', () => {
  it('counts by its last state, and names why records were refused', () => {
    const marks = [
      { success: true, id: 1 },
      { success: false, error: 'no', hg_error_class: 'InvalidPayloadError' },
    ];
    const state = { bookmarks: { Items: marks }, summary: { Items: { success: 1, fail: 1, existing: 0 } } };

    expect(targetState(`{}\n${JSON.stringify(state)}\n`)).toMatchObject({
      summary: { Items: { success: 1, fail: 1, existing: 0, updated: 0 } },
      errors: ['InvalidPayloadError: no'],
      noise: [],
      isSilent: false,
    });
  });

  it('is a state alone', () => {
    expect(targetState('Loading\n{"bookmarks":{}}\n7\n').noise).toEqual(['Loading', '7']);
    expect(targetState('').isSilent).toBe(true);
  });
});

it('counts a record given twice once, by its key', () => {
  const schema = { type: 'SCHEMA', stream: 'a', schema: {}, key_properties: ['id'] };
  const rows = [{ id: 1 }, { id: 1, x: 2 }, { id: 2 }].map((record) => ({
    type: 'RECORD',
    stream: 'a',
    record,
  }));
  const text = [schema, ...rows, 'noise'].map((one) => JSON.stringify(one)).join('\n');

  expect(givenIn(text)).toMatchObject({
    streams: { a: 2 },
    hasState: false,
    record: JSON.stringify(rows[0]),
  });
});

it('makes every field of a record wrong', () => {
  expect(JSON.parse(mistyped('{"type":"RECORD","stream":"a","record":{"id":1}}')).record.id).toBeTypeOf(
    'object',
  );
});

it('reads statuses from metrics, however they are printed', () => {
  const log = `METRIC: {'tags': {'http_status_code': 401}}\nMETRIC: {"tags": {"http_status_code": "200"}}`;

  expect(statusesIn(log)).toEqual([401, 200]);
});
