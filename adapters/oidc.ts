import * as oidc from 'openid-client';
import { Fault } from '#core/fault.ts';

export interface OidcOptions {
  issuer: string;
  clientId: string;
  clientSecret: string;
  redirectUri: string;
  scope?: string;
  usesPkce?: boolean;
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

export interface Oidc<T> {
  begin(): Promise<{ url: string; checks: Checks }>;
  /** Throws `Unauthorized` when the issuer's answer does not hold, or does not vouch for what is asked. */
  finish(answer: URL, checks: Checks): Promise<T>;
}

/**
 * Authorization code flow with state, nonce and, where the issuer takes it, PKCE; `prove` reads what the issuer vouches for.
 * Plain HTTP only for an issuer on this machine.
 */
export async function openId<T>(
  {
    issuer,
    clientId,
    clientSecret,
    redirectUri,
    scope = 'openid email profile',
    usesPkce = true,
  }: OidcOptions,
  prove: (claims: oidc.IDToken | undefined) => T,
): Promise<Oidc<T>> {
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
        ...{ redirect_uri: redirectUri, scope, state: checks.state, nonce: checks.nonce },
        ...(usesPkce && {
          code_challenge: await oidc.calculatePKCECodeChallenge(checks.verifier),
          code_challenge_method: 'S256',
        }),
      });
      return { url: to.href, checks };
    },

    async finish(answer, { state, nonce, verifier }) {
      const tokens = await oidc
        .authorizationCodeGrant(configuration, answer, {
          ...{ expectedState: state, expectedNonce: nonce, idTokenExpected: true },
          ...(usesPkce && { pkceCodeVerifier: verifier }),
        })
        .catch((cause: unknown) => {
          throw new Fault('Unauthorized', 'Sign-in at the issuer did not succeed; try again', { cause });
        });
      return prove(tokens.claims());
    },
  };
}

/** The address in an ID token, if the issuer says that it is confirmed. */
export function provenAddress(claims: oidc.IDToken | undefined): Proven {
  const { email, email_verified: verified, name }: Partial<oidc.IDToken> = claims ?? {};
  if (typeof email !== 'string' || verified !== true) {
    throw new Fault(
      'Unauthorized',
      'The issuer does not confirm your e-mail address; sign in by code instead',
    );
  }
  return { email, name: typeof name === 'string' ? name : undefined };
}
