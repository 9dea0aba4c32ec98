import type { Remembered } from "./memory.ts";
import { nameOf, type State, type Thing } from "./things/thing.ts";

/** How a thing should be, and why. */
export interface Target {
  thing: Thing;
  why: string;
  /** Or what becomes of how it is. */
  to: State | ((now: State) => State);
}

export interface Change {
  thing: Thing;
  why: string;
  from: State;
  to: State;
}

/** What is to be done, in this order. */
export interface Plan {
  changes: Change[];
  /** What must be remembered before the first change is made. */
  memory: Remembered[];
  /** What is left as it is, because somebody else has changed it since. */
  left: Thing[];
}

/** How a thing is now. */
export type Look = (thing: Thing) => State;

/** What others change as well: the system's own settings. The rest is tartfleet's alone. */
const SHARED: ReadonlySet<Thing["kind"]> = new Set<Thing["kind"]>(["default", "power", "keychain"]);

/**
 * What makes a Mac be as it should. What an earlier install has changed and this one does not ask for goes back to what
 * it was.
 */
export function planInstall(wanted: readonly Target[], memory: readonly Remembered[], look: Look): Plan {
  const asked = new Set(wanted.map(({ thing }) => nameOf(thing)));
  const dropped = undo(
    memory.filter(({ thing }) => !asked.has(nameOf(thing))),
    look,
  );
  const targets = wanted.map(({ thing, why, to }) => {
    const from = look(thing);
    return { thing, why, from, to: typeof to === "function" ? to(from) : to };
  });
  const known = new Map(memory.map((one) => [nameOf(one.thing), one]));
  for (const { thing } of dropped.done) known.delete(nameOf(thing));
  for (const { thing, from, to } of targets) {
    // A job starts by itself with the next session: it must be known by then, whatever it is now.
    if (from === to && thing.kind !== "job") continue;
    const first: Remembered = { thing, before: isOurs(thing) ? null : from, made: [] };
    const { before, made } = known.get(nameOf(thing)) ?? first;
    const isNew = SHARED.has(thing.kind) && to !== null && !made.includes(to);
    known.set(nameOf(thing), { thing, before, made: isNew ? [...made, to] : made });
  }
  return {
    changes: aroundJobs([...dropped.changes, ...targets]),
    memory: [...known.values()],
    left: dropped.left,
  };
}

/** What puts a Mac back as it was before the first install: the last change first. */
export function planUninstall(memory: readonly Remembered[], look: Look): Plan {
  const { changes, left } = undo(memory, look);
  return { changes: aroundJobs(changes), memory: [...memory], left };
}

/** Whatever stands there, it is a version of the agent. */
const isOurs = (thing: Thing) => "path" in thing && /^\/usr\/local\/lib\/tartfleet(\/|$)/.test(thing.path);

/** The account that is logged in by itself, and its password. */
const AUTO_LOGIN = {
  user: "/Library/Preferences/com.apple.loginwindow autoLoginUser",
  password: "/etc/kcpassword",
};

function undo(memory: readonly Remembered[], look: Look) {
  const states = [...memory].reverse().map((one) => ({ ...one, from: look(one.thing) }));
  const isChanged = ({ thing, from, before, made }: (typeof states)[number]) =>
    SHARED.has(thing.kind) && from !== before && from !== null && !made.includes(from);
  const left = states.filter(isChanged).map(({ thing }) => thing);
  const names = new Set(left.map(nameOf));
  if (names.has(AUTO_LOGIN.user)) names.add(AUTO_LOGIN.password);
  const changes = states
    .filter(({ thing }) => !names.has(nameOf(thing)))
    .map(({ thing, from, before }): Change => ({ thing, from, to: before, why: "as it was before" }));
  return { changes, left, done: states.filter(({ from, before }) => from === before) };
}

/** What launchd's jobs read when they start. */
const READ: ReadonlySet<Thing["kind"]> = new Set<Thing["kind"]>(["file", "link", "bundle"]);

/**
 * Only what changes; and a job that is loaded stops before the rest and starts after it, also when nothing but what it
 * reads changes. A crash in between leaves it stopped, for all to see.
 */
function aroundJobs(all: readonly Change[]): Change[] {
  const rest = all.filter(({ thing, from, to }) => thing.kind !== "job" && from !== to);
  const isStale = rest.some(({ thing }) => READ.has(thing.kind));
  const jobs = all.filter(({ thing, from, to }) => thing.kind === "job" && (from !== to || isStale));
  return [
    ...jobs.filter(({ from }) => from !== null).map((job) => ({ ...job, to: null })),
    ...rest,
    ...jobs.filter(({ to }) => to !== null).map((job) => ({ ...job, from: null })),
  ];
}
