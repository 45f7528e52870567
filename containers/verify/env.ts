import { TaskEnv } from '../env.ts';

export const Env = TaskEnv;
export type Env = TaskEnv;
