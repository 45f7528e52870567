import { parseJson } from '../../parse.ts';
import type { Meaning } from '../told.ts';
import {
  CommentDelivery,
  fromComment,
  fromIssue,
  fromPullRequest,
  IssueDelivery,
  PullRequestDelivery,
} from './github.ts';
import { fromReview, ReviewDelivery } from './github-reviews.ts';

const READ = new Map<string, (org: string, text: string) => Meaning>([
  ['issues', (org, text) => fromIssue(org, parseJson(IssueDelivery, text))],
  ['issue_comment', (org, text) => fromComment(org, parseJson(CommentDelivery, text))],
  ['pull_request_review', (org, text) => fromReview(org, parseJson(ReviewDelivery, text))],
  ['pull_request_review_comment', (org, text) => fromReview(org, parseJson(ReviewDelivery, text))],
  ['pull_request', (org, text) => fromPullRequest(org, parseJson(PullRequestDelivery, text))],
]);

/** Events that are kept and that nothing follows from, by the reason. */
const IGNORED: Record<string, string> = {
  'GitHub tries out the address, or tells of the hook itself': 'ping meta',
  'it is about code, which we read from the repository when we need it':
    'push create delete commit_comment gollum page_build release package repository_dispatch registry_package',
  'checks and deployments are read when they are needed':
    'check_run check_suite status workflow_dispatch workflow_job workflow_run deployment deployment_protection_rule deployment_review deployment_status merge_group',
  'what is said in a review is what counts': 'pull_request_review_thread',
  'alerts are decided on at GitHub: open an issue, or label one, to hand one over':
    'code_scanning_alert dependabot_alert repository_vulnerability_alert repository_advisory secret_scanning_alert secret_scanning_alert_location security_advisory security_and_analysis',
  'discussions and projects hold no requests: open an issue to hand one over':
    'discussion discussion_comment project project_card project_column projects_v2 projects_v2_item milestone label',
  'it is about who may do what at GitHub':
    'branch_protection_rule branch_protection_configuration repository_ruleset member membership organization org_block team team_add deploy_key github_app_authorization installation installation_repositories installation_target bypass_request custom_property custom_property_values personal_access_token_request',
  'it is about the repository itself, or who likes it':
    'repository repository_import public fork star watch sponsorship marketplace_purchase sub_issues issue_dependencies',
};

const REASONS = new Map(
  Object.entries(IGNORED).flatMap(([why, events]) => events.split(' ').map((event) => [event, why] as const)),
);

/** Whether an event is one that we know of, acted on or not. */
export function isKnown(event: string): boolean {
  return READ.has(event) || REASONS.has(event);
}

/** What a delivery of GitHub's means. Throws `Invalid` when it is not what its event's name says. */
export function readGithub(org: string, event: string, text: string): Meaning {
  const read = READ.get(event);
  if (read) return read(org, text);
  return { kind: 'ignored', why: REASONS.get(event) ?? 'an event that we do not know' };
}
