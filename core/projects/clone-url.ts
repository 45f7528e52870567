import type { Repository } from './project.ts';

/** What an address like `https://HOST/OWNER/NAME.git` says of a repository; nothing if it is not like that. */
export function repositoryAt(
  address: string,
): Pick<Repository, 'fullName' | 'cloneUrl' | 'apiUrl'> | undefined {
  const [, origin, host, fullName] =
    /^(https?:\/\/([^/@\s]+))\/([\w.-]+\/[\w.-]+?)(?:\.git)?\/?$/.exec(address) ?? [];
  if (!origin || !fullName) return undefined;
  // GitHub's REST interface has a host of its own; GitHub Enterprise and its like have it beside the repositories.
  const apiUrl = host === 'github.com' ? 'https://api.github.com' : `${origin}/api/v3`;
  return { fullName, cloneUrl: `${origin}/${fullName}.git`, apiUrl };
}
