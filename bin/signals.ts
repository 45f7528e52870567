/** npm and npx pass on a Ctrl-C that the terminal has sent to everybody already: that is one wish, not two. */
const ECHO = 1_000;

/** Aborts at the first Ctrl-C, SIGTERM or closed terminal. A later one ends at once, and the next start repairs what that leaves. */
export function stopOnSignal(say: (text: string) => void): AbortSignal {
  const stopping = new AbortController();
  let first = 0;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (stopping.signal.aborted && Date.now() - first < ECHO) return;
      if (stopping.signal.aborted) process.exit(1);
      first = Date.now();
      stopping.abort();
      say('\nStopping…');
    });
  }
  return stopping.signal;
}

/** A reader that has gone (`… | head`, a closed terminal) is no failure: whoever listens to signals stops, others end. */
export function endWithReader(stream: NodeJS.WriteStream): void {
  let isGone = false;
  stream.on('error', () => {
    if (isGone) return;
    isGone = true;
    if (process.listenerCount('SIGTERM') > 0) process.emit('SIGTERM');
    else process.exit(0);
  });
}
