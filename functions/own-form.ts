/** What browsers say of a form that a person submitted, on a page of ours, into the same window. */
const PRESSED = {
  'sec-fetch-site': 'same-origin',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
  'sec-fetch-user': '?1',
};

/**
 * Whether a form came from our own page by a person's hand. Browsers with Fetch Metadata must say all of it, which
 * leaves out what a script submits; older ones must at least name our origin. `byScript` is for the forms that our own
 * script submits once a passkey has signed: the authenticator is what shows that a person was there.
 */
export function isOwnForm(
  headers: Record<string, string | undefined>,
  publicUrl: string,
  { byScript = false } = {},
): boolean {
  const own = new URL(publicUrl).origin;
  if (headers.origin !== undefined && headers.origin !== own) return false;
  const hasMetadata = Object.keys(headers).some((name) => name.startsWith('sec-fetch-'));
  if (!hasMetadata) return headers.origin === own;
  const asked = Object.entries(PRESSED).filter(([name]) => !byScript || name !== 'sec-fetch-user');
  return asked.every(([name, value]) => headers[name] === value);
}
