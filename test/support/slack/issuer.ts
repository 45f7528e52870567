import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { SlackMember } from '#core/people/person.ts';

/** Sign in with Slack. */
export interface Issuer {
  /** What a browser comes back to, after somebody has agreed at the address that it was sent to. */
  agree(to: URL, member: SlackMember): URL;
  answerOidc(path: string, body: string): Promise<{ body: object } | undefined>;
}

interface Agreed {
  member: SlackMember;
  nonce: string;
  redirect: string;
  isPkce: boolean;
}

export async function issuer(
  url: string,
  { clientId, clientSecret }: { clientId: string; clientSecret: string },
): Promise<Issuer> {
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  const codes = new Map<string, Agreed>();

  async function token(sent: URLSearchParams): Promise<object> {
    const code = sent.get('code') ?? '';
    const agreed = codes.get(code);
    codes.delete(code);
    const isClient = sent.get('client_id') === clientId && sent.get('client_secret') === clientSecret;
    if (!isClient) return { ok: false, error: 'bad_client_secret' };
    if (!agreed) return { ok: false, error: 'invalid_code' };
    // An app with a secret and PKCE together was seen to get this.
    if (agreed.isPkce || sent.has('code_verifier')) return { ok: false, error: 'internal_error' };
    if (sent.get('redirect_uri') !== agreed.redirect) return { ok: false, error: 'bad_redirect_uri' };
    return { ok: true, access_token: 'xoxp-1', token_type: 'Bearer', id_token: await idToken(agreed) };
  }

  function idToken({ nonce, member: { team, user } }: Agreed): Promise<string> {
    const claims = { nonce, 'https://slack.com/team_id': team, 'https://slack.com/user_id': user };
    return new SignJWT(claims)
      .setProtectedHeader({ alg: 'RS256', kid: '1' })
      .setIssuer(url)
      .setAudience(clientId)
      .setSubject(user)
      .setIssuedAt()
      .setExpirationTime('5m')
      .sign(privateKey);
  }

  return {
    agree(to, member) {
      const said = to.searchParams;
      const code = randomUUID();
      const redirect = said.get('redirect_uri') ?? '';
      const isPkce = said.has('code_challenge');
      codes.set(code, { member, nonce: said.get('nonce') ?? '', redirect, isPkce });
      return new URL(`${redirect}?${new URLSearchParams({ code, state: said.get('state') ?? '' })}`);
    },

    async answerOidc(path, body) {
      if (path === '/.well-known/openid-configuration') {
        return {
          body: {
            issuer: url,
            authorization_endpoint: `${url}/openid/connect/authorize`,
            token_endpoint: `${url}/api/openid.connect.token`,
            userinfo_endpoint: `${url}/api/openid.connect.userInfo`,
            jwks_uri: `${url}/openid/connect/keys`,
            response_types_supported: ['code'],
            id_token_signing_alg_values_supported: ['RS256'],
          },
        };
      }
      if (path === '/openid/connect/keys') {
        return { body: { keys: [{ ...(await exportJWK(publicKey)), kid: '1', alg: 'RS256', use: 'sig' }] } };
      }
      if (path === '/api/openid.connect.token') return { body: await token(new URLSearchParams(body)) };
      return undefined;
    },
  };
}
