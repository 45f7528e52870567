import { type HttpApi, HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { Construct } from 'constructs';
import type { Env as AccountsEnv } from '#functions/http/accounts.ts';
import type { Env as KeysEnv } from '#functions/http/keys.ts';
import type { Env as NotFoundEnv } from '#functions/http/not-found.ts';
import type { Env as OidcEnv } from '#functions/http/oidc.ts';
import type { Env as PasskeysEnv } from '#functions/http/passkeys.ts';
import type { Env as PeopleEnv } from '#functions/http/people.ts';
import type { Env as SignInEnv } from '#functions/http/sign-in.ts';
import type { DataStack } from './data-stack.ts';
import { appends, reads, writes } from './grants.ts';
import { Handler } from './handler.ts';
import { addRoutes } from './routes.ts';

export interface AccessProps {
  api: HttpApi;
  data: DataStack;
  publicUrl: string;
  firstOrg: string;
  adminEmail: string;
  oidcIssuer: string;
  oidcClientId: string;
}

/** Who may come in: codes by e-mail, an OIDC issuer if there is one; and what unknown addresses are told. */
export class Access extends Construct {
  constructor(scope: Construct, id: string, props: AccessProps) {
    super(scope, id);
    const { api, data, publicUrl, firstOrg, adminEmail } = props;
    const env = {
      PEOPLE_TABLE: data.people.tableName,
      SESSION_SECRET_ARN: data.sessionSecret.secretArn,
      PUBLIC_URL: publicUrl,
      FIRST_ORG: firstOrg,
      ADMIN_EMAIL: adminEmail,
    };
    const signIn = new Handler<SignInEnv>(this, 'SignIn', {
      entry: 'http/sign-in',
      env: { ...env, NOTICES_TABLE: data.notices.tableName, LINK_SECRET_ARN: data.linkSecret.secretArn },
    });
    writes(signIn, data.people, data.notices);
    data.linkSecret.grantRead(signIn);

    const oidc = new Handler<OidcEnv>(this, 'Oidc', {
      entry: 'http/oidc',
      env: {
        ...env,
        OIDC_ISSUER: props.oidcIssuer,
        OIDC_CLIENT_ID: props.oidcClientId,
        OIDC_SECRET_ARN: data.oidcSecret.secretArn,
      },
    });
    writes(oidc, data.people);
    data.oidcSecret.grantRead(oidc);
    for (const fn of [signIn, oidc]) data.sessionSecret.grantRead(fn);

    const { showPasskeys, changePasskeys } = this.passkeys(props);
    const { people, keys, accounts } = this.people(props);
    const health = new Handler(this, 'Health', { entry: 'http/health', env: {} });
    const unknown = new Handler<NotFoundEnv>(this, 'NotFound', { entry: 'http/not-found', env: {} });
    addRoutes(this, api, [
      [HttpMethod.POST, '/auth/code', signIn],
      [HttpMethod.POST, '/auth/session', signIn],
      [HttpMethod.DELETE, '/auth/session', signIn],
      [HttpMethod.GET, '/auth/oidc', oidc],
      [HttpMethod.GET, '/auth/callback', oidc],
      [HttpMethod.GET, '/auth/passkeys', showPasskeys],
      [HttpMethod.POST, '/auth/passkeys', changePasskeys],
      [HttpMethod.DELETE, '/v1/people/{id}/passkeys', changePasskeys],
      [HttpMethod.POST, '/v1/people', people],
      [HttpMethod.PATCH, '/v1/people/{id}', people],
      [HttpMethod.DELETE, '/v1/people/{id}', people],
      [HttpMethod.POST, '/v1/people/{id}/accounts', accounts],
      [HttpMethod.DELETE, '/v1/people/{id}/accounts', accounts],
      [HttpMethod.PUT, '/v1/absence', people],
      [HttpMethod.POST, '/v1/keys', keys],
      [HttpMethod.POST, '/v1/keys/{id}/rotate', keys],
      [HttpMethod.DELETE, '/v1/keys/{id}', keys],
      [HttpMethod.GET, '/health', health],
      [HttpMethod.ANY, '/{proxy+}', unknown],
    ]);
  }

  /** Who is here, and what acts in whose name. */
  private people({ data, publicUrl }: AccessProps) {
    const env = {
      PEOPLE_TABLE: data.people.tableName,
      SESSION_SECRET_ARN: data.sessionSecret.secretArn,
      PUBLIC_URL: publicUrl,
    };
    const people = new Handler<PeopleEnv>(this, 'People', { entry: 'http/people', env });
    const keys = new Handler<KeysEnv>(this, 'Keys', { entry: 'http/keys', env });
    const accounts = new Handler<AccountsEnv>(this, 'Accounts', {
      entry: 'http/accounts',
      env: { ...env, TICKETS_TABLE: data.tickets.tableName, DELIVERIES_TABLE: data.deliveries.tableName },
    });
    reads(accounts, data.tickets);
    for (const fn of [people, keys, accounts]) {
      writes(fn, data.people);
      data.sessionSecret.grantRead(fn);
    }
    return { people, keys, accounts };
  }

  /** One source, two functions: no GET route's function may write what proves who somebody is. */
  private passkeys({ data, publicUrl }: AccessProps) {
    const env = {
      PEOPLE_TABLE: data.people.tableName,
      NOTICES_TABLE: data.notices.tableName,
      SESSION_SECRET_ARN: data.sessionSecret.secretArn,
      PUBLIC_URL: publicUrl,
    };
    const entry = 'http/passkeys';
    const showPasskeys = new Handler<PasskeysEnv>(this, 'ShowPasskeys', { entry, env });
    const changePasskeys = new Handler<PasskeysEnv>(this, 'ChangePasskeys', { entry, env });
    for (const fn of [showPasskeys, changePasskeys]) {
      reads(fn, data.people);
      data.sessionSecret.grantRead(fn);
    }
    writes(changePasskeys, data.people);
    appends(changePasskeys, data.notices);
    return { showPasskeys, changePasskeys };
  }
}
