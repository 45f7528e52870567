import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    env: { CDK_VALIDATION: 'false' }, // `npm run synth` validates; tests only look
    testTimeout: 20_000,
    maxWorkers: '100%', // most of them wait for processes: a core that is left free is time lost
  },
});
