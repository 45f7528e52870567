import { describe, expect, it } from 'vitest';
import { gitToken } from '#adapters/github/client.ts';

const hosts = JSON.stringify({ hosts: { 'github.com': 'one', 'localhost:4602': 'other' } });

describe('the forge secret', () => {
  it.each([
    ['a token, for whatever host', 'plain', 'https://git.example/api/v3', 'plain'],
    ["GitHub's token by its host's everyday name", hosts, 'https://api.github.com', 'one'],
    ["another host's token, port included", hosts, 'http://localhost:4602/api/v3', 'other'],
  ])('is %s', async (_, secret, apiUrl, token) => {
    expect(await gitToken(apiUrl, secret)).toBe(token);
  });

  it.each([
    ['names other hosts only', hosts, /no token for git\.example/],
    ['is JSON of another kind', '{"token":"x"}', /neither a token/],
    ['is no JSON at all', '{', /neither a token/],
  ])('is refused when it %s', async (_, secret, message) => {
    await expect(gitToken('https://git.example/api/v3', secret)).rejects.toThrow(message);
  });
});
