/** What browsers say of a form that a person submitted, on a page of ours, into the same window. */
const PRESSED = {
  'sec-fetch-site': 'same-origin',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
  'sec-fetch-user': '?1',
};

/**
 * Whether a form came from our own page by a person's hand. Browsers with Fetch Metadata must say all of it, which
 * leaves out what a script submits; older ones must at least name our origin.
 */
export function isOwnForm(headers: Record<string, string | undefined>, publicUrl: string): boolean {
  const own = new URL(publicUrl).origin;
  if (headers.origin !== undefined && headers.origin !== own) return false;
  const hasMetadata = Object.keys(headers).some((name) => name.startsWith('sec-fetch-'));
  if (!hasMetadata) return headers.origin === own;
  return Object.entries(PRESSED).every(([name, value]) => headers[name] === value);
}
