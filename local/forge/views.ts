import { micromark } from 'micromark';
import { gfm, gfmHtml } from 'micromark-extension-gfm';
import type { FileChange } from './diff.ts';
import { type Html, html, trusted } from './html.ts';
import type { Commit, TreeEntry } from './objects.ts';
import type { Comparison } from './pulls.ts';
import type { Comment, Issue, Repository, Review } from './records.ts';

/** Markdown as a reader expects it. HTML in it is shown as text, and links may only be http, https or mail. */
export function markdown(text: string): Html {
  return trusted(micromark(text, { extensions: [gfm()], htmlExtensions: [gfmHtml()] }));
}

export function pathOf({ owner, name }: Repository): string {
  return `/${owner}/${name}`;
}

export function repositoryList(repositories: readonly Repository[]): Html {
  return html`<h1>Repositories</h1><ul class="plain">${repositories.map(
    (one) => html`<li><a href="${pathOf(one)}"><b>${one.owner}/${one.name}</b></a>
      ${one.private && html`<span class="quiet">private</span>`}<br>${one.description}</li>`,
  )}</ul>`;
}

interface Overview {
  repository: Repository;
  branches: readonly string[];
  commits: readonly Commit[];
  entries: readonly TreeEntry[];
  openPulls: number;
}

export function overview({ repository, branches, commits, entries, openPulls }: Overview): Html {
  const at = pathOf(repository);
  return html`<h1>${repository.owner}/${repository.name}</h1><p>${repository.description}</p>
<p><a href="${at}/pulls">Pull requests (${openPulls} open)</a></p>
<h2>Files on ${repository.defaultBranch}</h2><ul class="plain">${entries.map(
    ({ type, path }) =>
      html`<li>${type === 'blob' ? html`<a href="${at}/blob/${path}">${path}</a>` : html`${path}/`}</li>`,
  )}</ul>
<h2>Branches</h2><ul class="plain">${branches.map((name) => html`<li><code>${name}</code></li>`)}</ul>
<h2>Recent commits</h2>${commitList(repository, commits)}`;
}

export function pullList(repository: Repository, pulls: readonly Issue[]): Html {
  return html`<h1>Pull requests</h1>${pulls.length === 0 && html`<p>None yet.</p>`}<ul class="plain">${pulls.map(
    (pull) => html`<li>${badge(pull)} <a href="${pathOf(repository)}/pull/${pull.number}">${pull.title}</a>
      <span class="quiet">#${pull.number} by ${pull.author}, ${pull.createdAt}</span></li>`,
  )}</ul>`;
}

interface Thread {
  repository: Repository;
  issue: Issue;
  comments: readonly Comment[];
  reviews?: readonly Review[];
  comparison?: Comparison;
  mergeable?: boolean;
}

export function thread({ repository, issue, comments, reviews = [], comparison, mergeable }: Thread): Html {
  const { pull } = issue;
  const said = [
    ...comments.map((one) => [one.createdAt, commentCard(one)] as const),
    ...reviews.map((one) => [one.submittedAt, reviewCard(one)] as const),
  ];
  said.sort(([a], [b]) => a.localeCompare(b));
  return html`<h1>${issue.title} <span class="quiet">#${issue.number}</span></h1>
<p>${badge(issue)} ${pull && html`<code>${pull.head}</code> → <code>${pull.base}</code>`}
<span class="quiet">by ${issue.author}, ${issue.createdAt}${
    pull?.mergedBy && html`; merged by ${pull.mergedBy}, ${pull.mergedAt}`
  }</span></p>
<section class="card"><div class="body">${markdown(issue.body || '*No description.*')}</div></section>
${said.map(([, card]) => card)}
${pull && issue.state === 'open' && buttons(`${pathOf(repository)}/pull/${issue.number}`, mergeable)}
${commentForm(`${pathOf(repository)}/${pull ? 'pull' : 'issues'}/${issue.number}`)}
${comparison && issue.state === 'open' && reviewForm(`${pathOf(repository)}/pull/${issue.number}`, comparison.files)}
${comparison && html`<h2>Commits</h2>${commitList(repository, comparison.commits)}${diff(comparison.files)}`}`;
}

function commentCard({ id, author, createdAt, updatedAt, body }: Comment): Html {
  return html`<section class="card" id="comment-${id}"><header><b>${author}</b>
    <span class="quiet">${createdAt}${updatedAt !== createdAt && ', edited'}</span></header>
    <div class="body">${markdown(body)}</div></section>`;
}

const VERDICTS = {
  APPROVED: 'approves',
  CHANGES_REQUESTED: 'requests changes',
  COMMENTED: 'reviewed',
};

function reviewCard({ id, author, state, submittedAt, body, comments }: Review): Html {
  return html`<section class="card" id="pullrequestreview-${id}"><header><b>${author}</b> ${VERDICTS[state]}
    <span class="quiet">${submittedAt}</span></header>
    <div class="body">${markdown(body)}${comments.map(
      (one) => html`<p><code>${one.path}:${one.line}</code></p>${markdown(one.body)}`,
    )}</div></section>`;
}

function buttons(at: string, mergeable = true): Html {
  return html`<div class="actions">${
    mergeable
      ? html`<form method="post" action="${at}/merge"><button class="go">Merge</button></form>`
      : html`<p>This branch has conflicts with its base.</p>`
  }<form method="post" action="${at}/close"><button>Close</button></form></div>`;
}

function commentForm(at: string): Html {
  return html`<form method="post" action="${at}/comment"><h2><label for="body">Comment</label></h2>
<textarea id="body" name="body" required></textarea><button>Comment</button></form>`;
}

function reviewForm(at: string, files: readonly FileChange[]): Html {
  return html`<form method="post" action="${at}/review"><h2><label for="verdict">Review</label></h2>
<div class="actions"><select id="verdict" name="event"><option value="REQUEST_CHANGES">Request changes</option>
<option value="COMMENT">Comment</option><option value="APPROVE">Approve</option></select></div>
<textarea name="body" aria-label="Of the whole change"></textarea>
<div class="actions"><select name="path" aria-label="File">${files.map(({ path }) => html`<option>${path}</option>`)}</select>
<label>line <input name="line" type="number" min="1" value="1"></label></div>
<textarea name="remark" aria-label="Of that line"></textarea><button>Send the review</button></form>`;
}

function commitList(repository: Repository, commits: readonly Commit[]): Html {
  return html`<ul class="plain">${commits.map(
    ({
      sha,
      message,
      author,
    }) => html`<li><a href="${pathOf(repository)}/commit/${sha}"><code>${sha.slice(0, 7)}</code></a>
      ${message.split('\n')[0]} <span class="quiet">${author.name}, ${author.date}</span></li>`,
  )}</ul>`;
}

export function commitView(commit: Commit, files: readonly FileChange[]): Html {
  const [subject, ...rest] = commit.message.split('\n');
  return html`<h1>${subject}</h1><p class="quiet"><code>${commit.sha}</code> ${commit.author.name}, ${commit.author.date}</p>
<pre>${rest.join('\n').trim()}</pre>${diff(files)}`;
}

export function fileView(path: string, text: string): Html {
  return html`<h1>${path}</h1><section class="card"><pre>${text}</pre></section>`;
}

function diff(files: readonly FileChange[]): Html {
  return html`<h2>${files.length} changed ${files.length === 1 ? 'file' : 'files'}</h2>${files.map(
    ({ path, previousPath, status, additions, deletions, patch }) => html`<details class="card" open><summary>
      ${previousPath && html`<code>${previousPath}</code> → `}<code>${path}</code> <span class="quiet">${status}</span>
      <span class="plus">+${additions}</span> <span class="minus">−${deletions}</span></summary>
      <pre class="diff">${patch === undefined ? 'No text to compare.' : patch.split('\n').map(diffLine)}</pre></details>`,
  )}`;
}

const LINE_CLASS: Record<string, string> = { '+': 'add', '-': 'del', '@': 'at' };

function diffLine(line: string): Html {
  return html`<span class="${LINE_CLASS[line.charAt(0)] ?? ''}">${line}</span>`;
}

function badge({ state, pull }: Issue): Html {
  const word = pull?.mergedAt ? 'merged' : state;
  return html`<span class="state ${word}">${word}</span>`;
}
