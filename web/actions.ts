import type { CheckRecord } from '#core/taps/check.ts';
import { api } from './api.ts';
import { withOlder } from './desk.ts';
import { act, look } from './looking.ts';
import { state, ticketId } from './state.ts';
import { registration } from './views/integrations.ts';
import type { Saved } from './views/left.ts';
import type { PreferencesPage } from './views/notices.ts';
import type { Steering } from './views/queue.ts';
import type { Wish } from './views/steering.ts';
import type { Correction } from './views/triage.ts';

export function onEmail(email: string): void {
  state.email = email;
  void act(async () => email && api.askCode(email));
}

export function onCode(code: string): void {
  void act(() => api.signIn(state.email, code));
}

export function signOut(): void {
  void act(async () => {
    await api.signOut();
    delete state.me;
    state.email = '';
  });
}

export function onFilter(status: string): void {
  state.filter = status;
  void look();
}

export function onRegister(form: HTMLFormElement): void {
  delete state.refusal;
  void act(async () => {
    await api.register(registration(form)).then(
      () => form.reset(),
      (error: Error) => {
        state.refusal = error.message.replace(/✖ (.+)\n\s+→ at (\S+)/g, '$2: $1');
      },
    );
  });
}

export function onWish(wish: Wish, text?: string): void {
  const run = state.detail?.runs.at(-1);
  if (!run) return;
  void act(() => api.wish(run.id, wish, text));
}

export function onSave(what: Saved): void {
  const run = state.detail?.runs.at(-1);
  if (run) void act(async () => save(await api[what](run.id)));
}

function save({ name, blob }: { name: string; blob: Blob }): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

export function onCorrect(correction: Correction): void {
  const id = ticketId();
  if (id) void act(() => api.correct(id, correction));
}

export function onMerge(into: string): void {
  const id = ticketId();
  if (id) void act(() => api.merge(id, into));
}

export function onSteer(ticketId: string, wish: Steering, priority?: string): void {
  void act(() => api.steer(ticketId, wish, priority ? { priority } : {}));
}

export function onCheck(repository?: string): void {
  void act(() => api.checkTaps(repository));
}

export function onAccept({ repository, check }: CheckRecord, reason: string): void {
  void act(() => api.acceptDrift(repository, check, reason));
}

export function onOpen(id: string): void {
  const isOpen = state.letter?.id === id;
  void act(async () => {
    state.letter = isOpen ? undefined : (await api.deadLetter(id)).deadLetter;
  });
}

export function onReplay(id?: string): void {
  void act(async () => {
    let page: { cursor?: string } = await api.replay(id);
    while (page.cursor) page = await api.replay(undefined, page.cursor);
  });
}

export function onMine(mine: PreferencesPage['mine']): void {
  void act(() => api.putMine(mine));
}

export function onRooms(rooms: PreferencesPage['rooms']): void {
  void act(() => api.putRooms(rooms));
}

export function onDays(days: number): void {
  state.days = days;
  void look();
}

export function onOlder(): void {
  void act(async () => {
    if (state.desk) state.desk = await withOlder(state.desk);
  });
}
