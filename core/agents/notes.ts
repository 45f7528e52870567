/** A folder of the work tree that is the engineer's own: what lies there is never part of its change. */
export const NOTES_FOLDER = '.signalbox';

/** What it keeps there for a conversation that begins anew, each at most so many bytes. */
export const NOTES = ['PROGRESS.md', 'plan.json'].map((name) => `${NOTES_FOLDER}/${name}`);
export const MOST_NOTES = 20_000;

/** The texts by their paths; none where there is none. */
export type Notes = Record<string, string>;
