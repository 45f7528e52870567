import { AsyncLocalStorage } from 'node:async_hooks';

/** What a function sees of the process while it runs here, and everything that it starts. */
export interface Sandbox {
  env: Record<string, string | undefined>;
  /** Takes what the function writes to stdout and stderr. */
  write(text: string): void;
}

const running = new AsyncLocalStorage<Sandbox>();
let installed = false;

/** Runs `work` with `process.env`, stdout and stderr of the sandbox; the rest of the process keeps its own. */
export function inSandbox<T>(sandbox: Sandbox, work: () => T): T {
  if (!installed) install();
  installed = true;
  return running.run(sandbox, work);
}

function install(): void {
  const real = process.env;
  const current = () => running.getStore()?.env ?? real;
  process.env = new Proxy(real, {
    get: (_, key) => Reflect.get(current(), key),
    set: (_, key, value) => Reflect.set(current(), key, String(value)),
    has: (_, key) => Reflect.has(current(), key),
    deleteProperty: (_, key) => Reflect.deleteProperty(current(), key),
    ownKeys: () => Reflect.ownKeys(current()),
    getOwnPropertyDescriptor: (_, key) => Reflect.getOwnPropertyDescriptor(current(), key),
    defineProperty: (_, key, descriptor) => Reflect.defineProperty(current(), key, descriptor),
  });
  capture(process.stdout);
  capture(process.stderr);
}

function capture(stream: NodeJS.WriteStream): void {
  const write = stream.write.bind(stream) as (...all: unknown[]) => boolean;
  stream.write = ((chunk: string | Uint8Array, ...rest: unknown[]) => {
    const sandbox = running.getStore();
    if (!sandbox) return write(chunk, ...rest);
    sandbox.write(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString());
    const done = rest.find((one) => typeof one === 'function');
    if (done) process.nextTick(done as () => void);
    return true;
  }) as typeof stream.write;
}
