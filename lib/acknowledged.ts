import { type Stack, Validations } from 'aws-cdk-lib';

const ACCEPTED: Record<string, string> = {
  'AwsSolutions-IAM4': 'Lambda basic execution is log writing only',
};

/** Every finding that we accept, with why; whatever is not here fails synthesis. */
export function acknowledge(stack: Stack): void {
  for (const [id, reason] of Object.entries(ACCEPTED)) Validations.of(stack).acknowledge({ id, reason });
}
