import * as z from 'zod';
import { TaskEnv } from '../env.ts';

export const Env = TaskEnv.extend({ MODEL_BASE_URL: z.url(), MODEL_SECRET_ARN: z.string() });
export type Env = z.infer<typeof Env>;
