import { beforeEach, expect, it } from 'vitest';
import type { Credentials } from '#core/taps/credentials.ts';

export interface CredentialsSubject {
  /** The same place again, as another process has it. */
  open(): Credentials;
  /** Changes it as an operator does. */
  put(text: string): Promise<void>;
  /** Leaves it locked, as a process that dies does. */
  die(): Promise<void>;
}

/** What a place for credentials promises, whichever it is. */
export function credentialsContract(fresh: (text: string) => Promise<CredentialsSubject>): void {
  let subject: CredentialsSubject;
  beforeEach(async () => {
    subject = await fresh('{"token":"1"}');
  });

  it('keeps what a run rewrites, twice in a row', async () => {
    const { alone, read, write } = subject.open();
    await alone(async () => {
      const { version } = await read();
      const next = await write('{"token":"2"}', version);
      const last = await write('{"token":"3"}', next);

      expect(await read()).toEqual({ text: '{"token":"3"}', version: last });
    });
    expect((await subject.open().read()).text).toBe('{"token":"3"}');
  });

  it('never writes over what somebody else has changed', async () => {
    const { alone, read, write } = subject.open();
    await alone(async () => {
      const { version } = await read();
      await subject.put('{"token":"theirs"}');

      await expect(write('{"token":"2"}', version)).rejects.toThrow('was changed meanwhile');
    });
    expect((await read()).text).toBe('{"token":"theirs"}');
  });

  it('is used by one run at a time, and free again when that ends, however it does', async () => {
    const [mine, theirs] = [subject.open(), subject.open()];
    const failing = mine.alone(async () => {
      await expect(theirs.alone(async () => {})).rejects.toThrow('is in use by');
      throw new Error('the run broke');
    });

    await expect(failing).rejects.toThrow('the run broke');
    expect(await theirs.alone(async () => 'free')).toBe('free');
  });

  it('is not held by one that died', async () => {
    await subject.die();

    await expect
      .poll(() =>
        subject
          .open()
          .alone(async () => 'free')
          .catch(() => 'held'),
      )
      .toBe('free');
  });
}
