import * as z from 'zod';
import { secretsIn } from '../taps/patch.ts';

const SECRET_ARN = /^arn:aws[\w-]*:secretsmanager:[\w-]+:\d{12}:secret:[\w/+=.@-]{1,512}$/;
const SECRET_NAME = /^[\w/+=.@-]{1,512}$/;

/** Where credentials are kept. What looks like a credential itself is refused, and not repeated. */
export const SecretReference = z
  .string()
  .refine((text) => SECRET_ARN.test(text) || SECRET_NAME.test(text), {
    error: 'Must be the name or the ARN of a secret in Secrets Manager',
    abort: true,
  })
  .refine(
    (text) => SECRET_ARN.test(text) || (secretsIn(text).length === 0 && !/^[A-Za-z0-9_+=-]{32,}$/.test(text)),
    {
      error: 'Looks like a credential: give the name of the secret that holds it',
    },
  );

/** What makes a repository an integration that is run and checked. */
export const Registration = z.object({
  /** The Python package, as it is installed: `tap-shop`. */
  package: z
    .string()
    .max(100)
    .regex(/^[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?$/, 'Must be the name of a Python package, like tap-shop'),
  /** Whose data it moves. */
  tenant: z
    .string()
    .max(64)
    .regex(/^[A-Za-z0-9][\w.-]*$/, 'Must be letters, digits, dots, dashes and underscores'),
  /** `manual`: only when somebody asks. */
  schedule: z.enum(['daily', 'weekly', 'manual']).default('weekly'),
  credentials: SecretReference.optional(),
  /** Why its discovery is said to be of its kind: the place in the code. */
  reason: z.string().max(500).optional(),
});
export type Registration = z.infer<typeof Registration>;
