import { expect, it } from 'vitest';
import { testNeeds } from '#core/taps/test-needs.ts';

it.each<[where: string, pyproject: string, setup: string, tests: string, expected: object]>([
  ['nowhere', '', '', 'import unittest', { requirements: [] }],
  ['nowhere, though a test uses pytest', '', '', 'import pytest', { requirements: ['pytest'] }],
  [
    'nowhere, though the SDK tests with pytest',
    '',
    '',
    'from singer_sdk.testing import x',
    { requirements: ['pytest'] },
  ],
  [
    'an extra',
    '[project.optional-dependencies]\ntest = [\n "x[y]"]\n',
    '',
    '',
    { extra: 'test', requirements: [] },
  ],
  [
    'an extra of setup.py',
    '',
    "extras_require={\n 'dev': ['pytest']}",
    '',
    { extra: 'dev', requirements: [] },
  ],
  [
    'groups that include each other',
    '[dependency-groups]\ndev = [ { include-group = "testing" }, "mypy" ]\ntesting = [\n  "pytest>=9", # a comment\n  "singer-sdk[testing]",\n  { include-group = "dev" },\n]\n[tool.x]\n',
    '',
    '',
    { requirements: ['pytest>=9', 'singer-sdk[testing]', 'mypy'] },
  ],
  [
    'Poetry, as far as the tests use it',
    '[tool.poetry.group.dev.dependencies]\npytest = "^6"\nrequests-mock = "^1"\nblack = "^21"\n',
    '',
    'import requests_mock\nfrom pytest import raises',
    { requirements: ['pytest', 'requests-mock'] },
  ],
])('what tests need is read from %s', (_where, pyproject, setup, tests, expected) => {
  expect(testNeeds(pyproject, setup, [tests])).toEqual(expected);
});
