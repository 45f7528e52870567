import { FACT_NAMES } from '../actions/facts.ts';
import { ACTION_TYPES } from '../actions/registry.ts';
import type { Mode } from '../approvals/approval.ts';
import { MODES } from './judgement.ts';
import type { Policy, Terms } from './policy.ts';
import { type Finding, meant, type Path } from './problem.ts';

/** Something that a policy is refused for. */
export const error = (path: Path, message: string): Finding => ({ severity: 'error', path, message });
/** Something to look at. */
export const warning = (path: Path, message: string): Finding => ({ severity: 'warning', path, message });
export const when = (is: unknown, finding: Finding): Finding[] => (is ? [finding] : []);

export const rank = (mode: Mode) => MODES.indexOf(mode);
export const asks = (mode: Mode) => mode === 'ask' || mode === 'require_approval';

/** What is wrong with an approval's name where it is used for a mode: it is not there, or its terms do not fit. */
export function reference(
  { approvals }: Policy,
  path: Path,
  { approval, mode, risk }: { approval: string; mode: Mode; risk: string },
): Finding[] {
  if (!Object.hasOwn(approvals, approval))
    return [error(path, `there is no approval ${approval}${meant(approval, Object.keys(approvals))}`)];
  const { self_approval, quorum, channels } = approvals[approval] as Terms;
  const unfit = (message: string) => error(path, `${approval} ${message}`);
  return [
    ...when(
      mode === 'require_approval' && self_approval,
      unfit('lets people agree to their own requests, which require_approval never does'),
    ),
    ...when(mode === 'ask' && quorum > 1, unfit(`needs ${quorum} people, and ask takes one`)),
    ...when(
      risk === 'high' && channels.join() === 'slack',
      unfit('asks in Slack alone, where nothing of high risk can be decided'),
    ),
  ];
}

/** A fact that nobody measures, at its key. */
export function unknownFact(fact: string, path: Path): Finding {
  return { ...error(path, `no fact ${fact} is measured${meant(fact, FACT_NAMES)}`), isKey: true };
}

/** A kind of action that the product does not know. */
export function unknownAction(action: string, path: Path): Finding {
  const known = ACTION_TYPES.map(({ type }) => type);
  return warning(
    path,
    `no action ${action} is known, so people decide on it whatever the mode${meant(action, known)}`,
  );
}
