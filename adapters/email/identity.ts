import { GetEmailIdentityCommand } from '@aws-sdk/client-sesv2';
import { ses } from '../aws/clients.ts';

/** Whether SES lets us send from an address; nothing when it does not know it. */
export async function isVerified(from: string): Promise<boolean | undefined> {
  try {
    const { VerifiedForSendingStatus } = await ses().send(
      new GetEmailIdentityCommand({ EmailIdentity: from }),
    );
    return VerifiedForSendingStatus ?? false;
  } catch (error) {
    if ((error as { name?: string }).name === 'NotFoundException') return undefined;
    throw error;
  }
}
