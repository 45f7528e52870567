import { type Command, Option } from 'commander';
import { milliseconds } from '#core/duration.ts';
import {
  Happening,
  Kind,
  type Personal,
  type Revised,
  type Room,
  type RoomChannel,
  type Rooms,
  roomName,
  Way,
} from '#core/preferences.ts';
import { client } from '../client.ts';
import { columns, facts, moment } from '../layout.ts';
import { CommandError, EXIT, terminal } from '../terminal.ts';

const HELP = `
Examples:
  npx signalbox notices show
  npx signalbox notices set ticket_closed off
  npx signalbox notices quiet --for 12h
  npx signalbox notices rooms add slack C0123ABC --when trouble --when end --all
  npx signalbox notices rooms remove slack C0123ABC`;

interface Found {
  mine: Revised<Personal>;
  rooms: Revised<Rooms>;
}

type Asked = () => { api: ReturnType<typeof client>; out: ReturnType<typeof terminal> };

const many = (value: string, before: string[] = []) => [...before, value];

/** `signalbox notices`: how somebody hears of things, and in which rooms their organization hears of tickets. */
export function notices(program: Command): void {
  const asked: Asked = () => {
    const { url, json } = program.opts();
    return { api: client(url), out: terminal(json) };
  };
  const command = program
    .command('notices')
    .description('how you hear of things, and where everybody hears of tickets')
    .addHelpText('after', HELP);
  command
    .command('show')
    .description('your own preferences, and the rooms of the organization')
    .action(async () => {
      const { api, out } = asked();
      const found = await api.ask<Found>('/v1/preferences');
      out.result(found, () => `${personal(found.mine)}\n\n${roomLines(found.rooms)}`);
    });
  personalCommands(command, asked);
  roomCommands(command.command('rooms').description('where everybody hears of tickets; leads say so'), asked);
}

function personalCommands(command: Command, asked: Asked): void {
  const change = async (to: (mine: Revised<Personal>) => Revised<Personal>) => {
    const { api, out } = asked();
    const { mine } = await api.ask<Found>('/v1/preferences');
    const body = to(mine);
    const put = await api.ask<Pick<Found, 'mine'>>('/v1/preferences/mine', { method: 'PUT', body });
    out.result(put.mine, () => personal(put.mine));
  };
  command
    .command('set')
    .description(`one kind: ${Kind.options.join(', ')}; what asks you to decide always comes`)
    .argument('<kind>')
    .argument('<way>', Way.options.join(', '))
    .action((kind: string, way: string) => {
      const wanted = { [oneOf(Kind.options, kind)]: oneOf(Way.options, way) };
      return change(({ ways, ...rest }) => ({ ...rest, ways: { ...ways, ...wanted } }));
    });
  command
    .command('quiet')
    .description('nothing that can be left for a while')
    .addOption(new Option('--for <time>', 'how long: 45m, 12h, 3d').conflicts('off'))
    .option('--off', 'be told again')
    .action(({ for: time, off }: { for?: string; off?: boolean }) => {
      const quietUntil = time && new Date(Date.now() + milliseconds(time)).toISOString();
      if (!quietUntil && !off) throw new CommandError('Say --for 12h or --off', EXIT.usage);
      return change(({ quietUntil: _, ...rest }) => ({ ...rest, ...(quietUntil && { quietUntil }) }));
    });
}

interface About {
  when?: string[];
  all?: boolean;
}

function roomCommands(command: Command, asked: Asked): void {
  const change = async (to: (rooms: Room[]) => Room[]) => {
    const { api, out } = asked();
    const { rooms: known } = await api.ask<Found>('/v1/preferences');
    const body = { ...known, rooms: to(known.rooms) };
    const { rooms } = await api.ask<Pick<Found, 'rooms'>>('/v1/preferences/rooms', { method: 'PUT', body });
    out.result(rooms, () => roomLines(rooms));
  };
  command
    .command('add')
    .description('a room, or what a known one hears of')
    .argument('<channel>', 'slack, discord, linear or email')
    .argument('<to>', 'a channel id, an issue like OPS-12, or an address')
    .option('--when <what>', `${Happening.options.join(', ')}; may be given again (trouble, end)`, many)
    .option('--all', 'every ticket, not only those that have nobody at their source')
    .action((channel: RoomChannel, to: string, { when = ['trouble', 'end'], all }: About) => {
      const happenings = when.map((one) => oneOf(Happening.options, one));
      const room: Room = { channel, to, when: happenings, tickets: all ? 'all' : 'homeless' };
      return change((rooms) => [...rooms.filter((one) => roomName(one) !== roomName(room)), room]);
    });
  command
    .command('remove')
    .argument('<channel>')
    .argument('<to>')
    .action((channel: RoomChannel, to: string) =>
      change((rooms) => {
        const left = rooms.filter((one) => roomName(one) !== roomName({ channel, to }));
        if (left.length === rooms.length)
          throw new CommandError(`${channel} ${to} is no room of ours`, EXIT.notFound);
        return left;
      }),
    );
}

function oneOf<T extends string>(known: readonly T[], given: string): T {
  const found = known.find((one) => one === given);
  if (!found) throw new CommandError(`${given} is none of ${known.join(', ')}`, EXIT.usage);
  return found;
}

function personal({ ways, quietUntil }: Personal): string {
  return facts([
    ...Kind.options.map((kind) => [kind.replaceAll('_', ' '), ways[kind] ?? 'email'] as [string, string]),
    ['quiet until', quietUntil && moment(quietUntil)],
  ]);
}

function roomLines({ rooms }: Rooms): string {
  if (rooms.length === 0) return 'No rooms: only the source of a ticket, and its approvers, hear of it.';
  return columns(
    rooms.map((room) => [
      roomName(room),
      room.when.join(', '),
      room.tickets === 'all' ? 'every ticket' : 'tickets with nobody at their source',
    ]),
  );
}
