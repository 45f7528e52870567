import type { Command } from 'commander';
import { check, compare } from '../taps/catalogs.ts';
import { postman } from '../taps/postman.ts';
import { verify } from '../taps/verify.ts';

/** `signalbox taps`: what can be learnt of a tap on this machine. */
export function taps(program: Command): void {
  const command = program.command('taps').description('taps, targets and ETL code on this machine');
  verify(command, program);
  postman(command);
  check(command);
  compare(command);
}
