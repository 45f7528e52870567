import type { ActionType } from './action.ts';
import { closeTicket, createIntegration, refund, unfreeze, updatePolicy } from './types/business.ts';
import { changeCode } from './types/change-code.ts';
import { postSlackMessage, sendEmail } from './types/message.ts';
import { openPullRequest, readRepo } from './types/repo.ts';

/** Every kind of action that the product knows. Another kind can be proposed too, and always needs people. */
export const ACTION_TYPES: readonly ActionType[] = [
  changeCode,
  readRepo,
  openPullRequest,
  postSlackMessage,
  sendEmail,
  refund,
  updatePolicy,
  unfreeze,
  createIntegration,
  closeTicket,
];

const BY_TYPE = new Map(ACTION_TYPES.map((one) => [one.type, one]));

/** The known type of that name. */
export function actionType(type: string): ActionType | undefined {
  return BY_TYPE.get(type);
}
