import { html, nothing } from 'lit-html';
import type { Happening, Kind, Personal, Revised, Room, RoomChannel, Rooms, Way } from '#core/preferences.ts';
import { absolute, relative, words } from '../format.ts';

export interface PreferencesPage {
  mine: Revised<Personal>;
  rooms: Revised<Rooms>;
}

interface Acts {
  mayLead: boolean;
  onMine(mine: Revised<Personal>): void;
  onRooms(rooms: Revised<Rooms>): void;
}

const KINDS: Kind[] = ['pull_request_opened', 'ticket_escalated', 'ticket_closed'];
const WAYS: Record<Way, string> = { email: 'by e-mail', slack: 'in Slack', off: 'not at all' };
const CHANNELS: RoomChannel[] = ['slack', 'discord', 'linear', 'email'];
const HAPPENINGS: Happening[] = ['progress', 'review', 'trouble', 'end'];
const QUIET_MS = 12 * 3_600_000;

/** How somebody hears of things, and in which rooms everybody hears of tickets. */
export function noticesView({ mine, rooms }: PreferencesPage, acts: Acts) {
  return html`<h1>Notices</h1>
    ${personal(mine, acts)} ${roomList(rooms, acts)} ${acts.mayLead ? roomForm(rooms, acts) : nothing}`;
}

function personal(mine: Revised<Personal>, { onMine }: Acts) {
  const { ways, quietUntil, ...rest } = mine;
  const isQuiet = quietUntil !== undefined && Date.parse(quietUntil) > Date.now();
  const quieten = () => onMine({ ...rest, ways, quietUntil: new Date(Date.now() + QUIET_MS).toISOString() });
  return html`<section class="card" aria-label="What reaches you">
    <h2>What reaches you</h2>
    <p class="quiet">What asks you to decide and what guards your account always comes: in Slack if you have linked it, else by e-mail.</p>
    ${KINDS.map(
      (kind) => html`<p><label>${words(kind)}
        <select @change=${(event: Event) => onMine({ ...mine, ways: { ...ways, [kind]: (event.target as HTMLSelectElement).value as Way } })}>
          ${Object.entries(WAYS).map(([way, name]) => html`<option value=${way} ?selected=${way === (ways[kind] ?? 'email')}>${name}</option>`)}
        </select></label></p>`,
    )}
    <p>
      ${
        isQuiet
          ? html`Quiet until <span title=${absolute(quietUntil)}>${relative(quietUntil)}</span>
            <button class="plain" @click=${() => onMine({ ...rest, ways })}>Tell me again</button>`
          : html`<button @click=${quieten}>Quiet for 12 hours</button>`
      }
    </p>
  </section>`;
}

function roomList({ rooms, revision }: Revised<Rooms>, { mayLead, onRooms }: Acts) {
  const without = (room: Room) => onRooms({ revision, rooms: rooms.filter((one) => one !== room) });
  return html`<section class="card" aria-label="Rooms">
    <h2>Rooms</h2>
    ${rooms.length === 0 ? html`<p class="quiet">None: only the source of a ticket, and its approvers, hear of it.</p>` : nothing}
    <ul class="rows">
      ${rooms.map(
        (room) => html`<li>
          <span class="title">${room.channel} ${room.to}</span>
          <span class="quiet">${room.when.join(', ')} of ${room.tickets === 'all' ? 'every ticket' : 'tickets with nobody at their source'}</span>
          ${mayLead ? html`<span><button class="plain" @click=${() => without(room)}>Remove</button></span>` : nothing}
        </li>`,
      )}
    </ul>
  </section>`;
}

function roomForm({ rooms, revision }: Revised<Rooms>, { onRooms }: Acts) {
  const submit = (event: Event) => {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const room = roomIn(new FormData(form));
    form.reset();
    onRooms({ revision, rooms: [...rooms, room] });
  };
  return html`<form class="card" @submit=${submit}>
    <h2>Add a room</h2>
    <label>Channel <select name="channel">${CHANNELS.map((one) => html`<option>${one}</option>`)}</select></label>
    <label>Where: a channel's id, an issue of Linear, an address <input name="to" placeholder="C0123ABC" required autocomplete="off"></label>
    <fieldset>
      <legend>A ticket is told of from</legend>
      ${HAPPENINGS.map((one) => html`<label class="tick"><input type="checkbox" name="when" value=${one} ?checked=${one === 'trouble' || one === 'end'}> ${one}</label> `)}
    </fieldset>
    <label class="tick"><input type="checkbox" name="all"> Every ticket, not only those with nobody at their source</label>
    <button>Add</button>
  </form>`;
}

function roomIn(form: FormData): Room {
  return {
    channel: form.get('channel') as RoomChannel,
    to: String(form.get('to')).trim(),
    when: form.getAll('when') as Happening[],
    tickets: form.has('all') ? 'all' : 'homeless',
  };
}
