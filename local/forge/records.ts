import type { Store } from '../store.ts';

export interface Repository {
  id: number;
  owner: string;
  name: string;
  private: boolean;
  description: string;
  defaultBranch: string;
  createdAt: string;
}

/** What an issue becomes when it asks for commits to be merged. */
export interface PullFacts {
  head: string;
  base: string;
  headSha: string;
  /** The base's tip when the pull request was opened, last pushed to, or ended. */
  baseSha: string;
  draft: boolean;
  mergedAt?: string;
  mergedBy?: string;
  mergeSha?: string;
}

/** An issue or a pull request: one numbering for both, as on GitHub. */
export interface Issue {
  id: number;
  number: number;
  title: string;
  body: string;
  author: string;
  state: 'open' | 'closed';
  createdAt: string;
  updatedAt: string;
  closedAt?: string;
  pull?: PullFacts;
}

export type Pull = Issue & { pull: PullFacts };

export interface Comment {
  id: number;
  number: number;
  author: string;
  body: string;
  createdAt: string;
  updatedAt: string;
}

/** What someone says of a pull request as a whole, with what they say of its lines. */
export interface Review {
  id: number;
  number: number;
  author: string;
  state: 'APPROVED' | 'CHANGES_REQUESTED' | 'COMMENTED';
  body: string;
  commitSha: string;
  submittedAt: string;
  comments: { path: string; line: number; body: string }[];
}

const TABLES = [
  'CREATE TABLE IF NOT EXISTS forge_repositories (id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT UNIQUE, doc TEXT NOT NULL)',
  'CREATE TABLE IF NOT EXISTS forge_issues (id INTEGER PRIMARY KEY AUTOINCREMENT, repository INTEGER, number INTEGER, doc TEXT NOT NULL, UNIQUE (repository, number))',
  'CREATE TABLE IF NOT EXISTS forge_comments (id INTEGER PRIMARY KEY AUTOINCREMENT, repository INTEGER, number INTEGER, doc TEXT NOT NULL)',
  'CREATE INDEX IF NOT EXISTS forge_comments_of ON forge_comments (repository, number)',
  'CREATE TABLE IF NOT EXISTS forge_reviews (id INTEGER PRIMARY KEY AUTOINCREMENT, repository INTEGER, number INTEGER, doc TEXT NOT NULL)',
  'CREATE TABLE IF NOT EXISTS forge_refs (repository INTEGER, ref TEXT, sha TEXT NOT NULL, PRIMARY KEY (repository, ref))',
];

export type Records = ReturnType<typeof openRecords>;

/** What the forge remembers beside git's own objects: repositories, issues, pull requests, comments, last seen refs. */
export function openRecords({ sql }: Store) {
  for (const table of TABLES) sql(table).run();

  return {
    repositories: () => docs<Repository>(sql('SELECT id, doc FROM forge_repositories ORDER BY key').all()),
    repository: (owner: string, name: string) =>
      docs<Repository>(sql('SELECT id, doc FROM forge_repositories WHERE key = ?').all(key(owner, name)))[0],
    addRepository: (repository: Omit<Repository, 'id'>): Repository => {
      const insert = sql('INSERT INTO forge_repositories (key, doc) VALUES (?, ?)');
      const added = insert.run(key(repository.owner, repository.name), JSON.stringify(repository));
      return { id: Number(added.lastInsertRowid), ...repository };
    },

    /** Newest first. */
    issues: ({ id }: Repository) =>
      docs<Issue>(sql('SELECT id, doc FROM forge_issues WHERE repository = ? ORDER BY number DESC').all(id)),
    issue: ({ id }: Repository, number: number) =>
      docs<Issue>(
        sql('SELECT id, doc FROM forge_issues WHERE repository = ? AND number = ?').all(id, number),
      )[0],
    /** Gives the next number of the repository; call it inside a transaction. */
    addIssue: ({ id }: Repository, issue: Omit<Issue, 'id' | 'number'>): Issue => {
      const last = sql('SELECT max(number) AS number FROM forge_issues WHERE repository = ?').get(id);
      const number = Number(last?.number ?? 0) + 1;
      const doc = { number, ...issue };
      const insert = sql('INSERT INTO forge_issues (repository, number, doc) VALUES (?, ?, ?)');
      return { id: Number(insert.run(id, number, JSON.stringify(doc)).lastInsertRowid), ...doc };
    },
    saveIssue: ({ id, ...issue }: Issue) => {
      sql('UPDATE forge_issues SET doc = ? WHERE id = ?').run(JSON.stringify(issue), id);
    },

    comments: ({ id }: Repository, number: number) =>
      docs<Comment>(
        sql('SELECT id, doc FROM forge_comments WHERE repository = ? AND number = ? ORDER BY id').all(
          id,
          number,
        ),
      ),
    comment: (repository: Repository, id: number) =>
      docs<Comment>(
        sql('SELECT id, doc FROM forge_comments WHERE repository = ? AND id = ?').all(repository.id, id),
      )[0],
    addComment: ({ id }: Repository, comment: Omit<Comment, 'id'>): Comment => {
      const insert = sql('INSERT INTO forge_comments (repository, number, doc) VALUES (?, ?, ?)');
      const added = insert.run(id, comment.number, JSON.stringify(comment));
      return { id: Number(added.lastInsertRowid), ...comment };
    },
    saveComment: ({ id, ...comment }: Comment) => {
      sql('UPDATE forge_comments SET doc = ? WHERE id = ?').run(JSON.stringify(comment), id);
    },

    ...reviewRows(sql),

    /** The refs as they were when their last change was announced. */
    seenRefs: ({ id }: Repository) =>
      new Map(
        sql('SELECT ref, sha FROM forge_refs WHERE repository = ?')
          .all(id)
          .map((row) => [String(row.ref), String(row.sha)]),
      ),
    seeRef: ({ id }: Repository, ref: string, sha: string | undefined) => {
      if (!sha) sql('DELETE FROM forge_refs WHERE repository = ? AND ref = ?').run(id, ref);
      else sql('INSERT OR REPLACE INTO forge_refs (repository, ref, sha) VALUES (?, ?, ?)').run(id, ref, sha);
    },
  };
}

function reviewRows(sql: Store['sql']) {
  return {
    /** Oldest first. */
    reviews: ({ id }: Repository, number: number) =>
      docs<Review>(
        sql('SELECT id, doc FROM forge_reviews WHERE repository = ? AND number = ? ORDER BY id').all(
          id,
          number,
        ),
      ),
    addReview: ({ id }: Repository, review: Omit<Review, 'id'>): Review => {
      const insert = sql('INSERT INTO forge_reviews (repository, number, doc) VALUES (?, ?, ?)');
      const added = insert.run(id, review.number, JSON.stringify(review));
      return { id: Number(added.lastInsertRowid), ...review };
    },
  };
}

/** GitHub's names are case-insensitive. */
function key(owner: string, name: string): string {
  return `${owner}/${name}`.toLowerCase();
}

function docs<T>(rows: Record<string, unknown>[]): T[] {
  return rows.map(({ id, doc }) => ({ id: Number(id), ...JSON.parse(String(doc)) }));
}
