import { answering } from '../answering.ts';
import { Assignment, Env } from './env.ts';
import { look } from './look.ts';

const env = { ...Env.parse(process.env), ...Assignment.parse(process.env) };
const name = `tap-${env.ORG}-${env.REPOSITORY.replace('/', '-')}`;
const asked = { name, token: env.TASK_TOKEN, beatSeconds: env.HEARTBEAT_SECONDS };

await answering(asked, (given) => look(env, given));
