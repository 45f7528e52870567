import { discord } from '#local/vendors/discord.ts';
import { askOf, listening, memoryKept } from './listening.ts';

export const DISCORD_TOKEN = 'a bot token';

/** Discord with one channel. */
export async function discordDouble(channel = '123456789012345678') {
  const messages = new Map<string, string[]>();
  const vendor = await listening(async (request) => {
    const ask = await askOf(request);
    const known = ask.path.includes(`/${channel}/`) && discord(ask, memoryKept(messages), DISCORD_TOKEN);
    return known || { status: 404, body: { message: 'Unknown Channel', code: 10003 } };
  });
  return { ...vendor, channel, messages };
}
