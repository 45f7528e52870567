import * as oidc from 'openid-client';
import { Fault } from '#core/fault.ts';

export interface OidcOptions {
  issuer: string;
  clientId: string;
  clientSecret: string;
  redirectUri: string;
}

/** What must come back unchanged with the answer; kept in the browser, signed by us. */
export interface Checks {
  state: string;
  nonce: string;
  verifier: string;
}

/** An address that an issuer vouches for. */
export interface Proven {
  email: string;
  name?: string | undefined;
}

export interface Oidc {
  begin(): Promise<{ url: string; checks: Checks }>;
  /** Throws `Unauthorized` when the issuer's answer does not hold, or it does not vouch for the address. */
  finish(answer: URL, checks: Checks): Promise<Proven>;
}

/** Authorization code flow with PKCE, state and nonce. Plain HTTP only for an issuer on this machine. */
export async function openId({ issuer, clientId, clientSecret, redirectUri }: OidcOptions): Promise<Oidc> {
  const url = new URL(issuer);
  const isHere = url.protocol === 'http:' && ['localhost', '127.0.0.1'].includes(url.hostname);
  const options = isHere ? { execute: [oidc.allowInsecureRequests] } : undefined;
  const configuration = await oidc.discovery(url, clientId, clientSecret, undefined, options);

  return {
    async begin() {
      const checks = {
        state: oidc.randomState(),
        nonce: oidc.randomNonce(),
        verifier: oidc.randomPKCECodeVerifier(),
      };
      const to = oidc.buildAuthorizationUrl(configuration, {
        redirect_uri: redirectUri,
        scope: 'openid email profile',
        state: checks.state,
        nonce: checks.nonce,
        code_challenge: await oidc.calculatePKCECodeChallenge(checks.verifier),
        code_challenge_method: 'S256',
      });
      return { url: to.href, checks };
    },

    async finish(answer, { state, nonce, verifier }) {
      const tokens = await oidc
        .authorizationCodeGrant(configuration, answer, {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: verifier,
          idTokenExpected: true,
        })
        .catch((cause: unknown) => {
          throw new Fault('Unauthorized', 'Sign-in at the issuer did not succeed; try again', { cause });
        });
      return proven(tokens.claims());
    },
  };
}

function proven(claims: oidc.IDToken | undefined): Proven {
  const { email, email_verified: verified, name }: Partial<oidc.IDToken> = claims ?? {};
  if (typeof email !== 'string' || verified !== true) {
    throw new Fault(
      'Unauthorized',
      'The issuer does not confirm your e-mail address; sign in by code instead',
    );
  }
  return { email, name: typeof name === 'string' ? name : undefined };
}
