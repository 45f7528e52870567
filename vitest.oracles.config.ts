import { defineConfig } from 'vitest/config';

/** The contract suites against engines that are not ours: `npm run test:oracles` starts them and calls this. */
export default defineConfig({
  test: { include: ['test/oracles/*.test.ts'], testTimeout: 30_000, hookTimeout: 30_000 },
});
