import type { SlackApp, SlackApps } from '#adapters/slack/apps.ts';
import { isSignedBy, replayHash, type Signature, signatureOf } from '#adapters/slack/signature.ts';
import { Fault } from '#core/fault.ts';
import type { Clock } from '#core/ports.ts';
import type { Request } from './http.ts';
import type { Genuine } from './slack-decision.ts';

const MAX_BODY = 64 * 1024;

/** Throws a bare `Unauthorized`: the sender learns nothing. A wrong signature reads the secret again, at most every half minute. */
export async function slackSigned(
  request: Request,
  { apps, clock }: { apps: SlackApps; clock: Clock },
): Promise<Genuine> {
  const { headers, params, raw } = request;
  if (raw.length > MAX_BODY) throw new Fault('TooLarge', `The body has more than ${MAX_BODY} bytes`);
  const org = params.org ?? '';
  const signature = signatureOf(headers, clock.now());
  const app =
    signature &&
    (signedBy(await apps.find(org), raw, signature) ?? signedBy(await apps.findAgain(org), raw, signature));
  if (app) return { org, app, hash: replayHash(signature) };
  throw new Fault('Unauthorized', 'Unauthorized');
}

function signedBy(app: SlackApp | undefined, raw: Buffer, signature: Signature): SlackApp | undefined {
  return app?.signingSecrets.some((key) => isSignedBy(key, raw, signature)) ? app : undefined;
}
