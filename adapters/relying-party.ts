/** The site that passkeys belong to: its host, and its origin. */
export function relyingParty(publicUrl: string): { rpId: string; origin: string } {
  const { hostname, origin } = new URL(publicUrl);
  return { rpId: hostname, origin };
}
