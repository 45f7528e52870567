import { secret } from '#adapters/aws/secrets.ts';
import { Fault } from '#core/fault.ts';
import { untilAnswered } from './steady.ts';

/** A secret's text. That it is not there yet will not pass by itself: throws `Unauthorized`, in words for people. */
export function credential(id: string, whose: string, signal?: AbortSignal): Promise<string> {
  return untilAnswered(async () => {
    try {
      return await secret(id);
    } catch (error) {
      const isMissing = error instanceof Fault || (error as Error).name === 'ResourceNotFoundException';
      if (!isMissing) throw error;
      throw new Fault('Unauthorized', `There is no secret for ${whose} yet; see docs/operating.md`, {
        cause: error,
      });
    }
  }, signal);
}
