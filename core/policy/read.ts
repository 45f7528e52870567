import { Fault } from '../fault.ts';
import { checkPolicy } from './check.ts';
import { exampleFindings } from './examples.ts';
import { type ActivePolicy, activePolicy, Policy, type PolicyDocument } from './policy.ts';
import { type Finding, inWords, type Problem } from './problem.ts';
import { type Groups, quorumFindings } from './quorum.ts';
import { formFindings } from './structure.ts';
import { readYaml, type Source } from './yaml.ts';

/** A policy's file, read. `active` is there when it can be evaluated; it may only be activated without errors. */
export interface ReadPolicy {
  document?: PolicyDocument;
  active?: ActivePolicy;
  problems: Problem[];
}

const MAX_PROBLEMS = 100;

/** Reads and checks a policy as it was written. With the groups' members, also whether enough people could agree. */
export function readPolicy(
  text: string,
  { version = 0, groups }: { version?: number; groups?: Groups } = {},
): ReadPolicy {
  const source = readYaml(text);
  if (source.faults.length > 0)
    return { problems: source.faults.map((fault) => ({ severity: 'error', path: '', ...fault })) };
  const form = Policy.safeParse(source.value);
  if (!form.success) return { problems: placed(formFindings(form.error, source.value), source) };
  const document = source.value as PolicyDocument;
  const active = named(document, version);
  if (active instanceof Fault)
    return { problems: placed([{ severity: 'error', path: [], message: active.message }], source) };
  const findings = [
    ...checkPolicy(active.policy),
    ...exampleFindings(active),
    ...(groups ? quorumFindings(active.policy, groups) : []),
  ];
  return { document, active, problems: placed(findings, source) };
}

/** Whether nothing stands against activating it. */
export function isAcceptable({ problems }: Pick<ReadPolicy, 'problems'>): boolean {
  return problems.every(({ severity }) => severity !== 'error');
}

function named(document: PolicyDocument, version: number): ActivePolicy | Fault {
  try {
    return activePolicy(document, version);
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
}

/** Errors first, each in the order of the file. */
function placed(findings: Finding[], { at }: Source): Problem[] {
  return findings
    .toSorted((one, other) => one.severity.localeCompare(other.severity))
    .slice(0, MAX_PROBLEMS)
    .map(({ severity, path, message, isKey }) => ({
      severity,
      ...at(path, isKey),
      path: inWords(path),
      message,
    }))
    .toSorted(
      (one, other) =>
        one.severity.localeCompare(other.severity) || one.line - other.line || one.column - other.column,
    );
}
