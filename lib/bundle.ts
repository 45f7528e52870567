/** How a function becomes one file, said once for the deployed bundle and for the bench that measures it (docs/adr/0009). */
export const BUNDLE = {
  format: 'cjs' as 'cjs' | 'esm',
  minify: true,
  mainFields: ['module', 'main'],
  conditions: ['module'],
  /** Lambda's credentials are in the environment: the SDK's other nine ways to find some would be 100 KB that never run. */
  alias: { '@aws-sdk/credential-provider-node': './adapters/aws/environment-credentials.ts' },
};
