import type { Mac } from "../mac.ts";

/**
 * One thing of a Mac that an install may change, in words that its memory can keep.
 *
 * folder: `tree` says that all that is in it goes with it; one that is shared goes only when it is empty ·
 * file: what is in a `hidden` one is never shown; · link · bundle: a folder whose contents are a version of the agent ·
 * default: a key of a file of settings · power: a setting of `pmset` for one source of power · keychain: the login
 * keychain of a user · job: of launchd, loaded or not
 */
export type Thing =
  | { kind: "folder"; path: string; tree: boolean }
  | { kind: "file"; path: string; hidden: boolean }
  | { kind: "link"; path: string }
  | { kind: "bundle"; path: string }
  | { kind: "default"; path: string; key: string }
  | { kind: "power"; source: string; name: string }
  | { kind: "keychain"; user: string; uid: number }
  | { kind: "job"; domain: string; label: string; path: string };

/** How a thing is, as text that can be compared; null: it is not there. */
export type State = string | null;

/** What can be done with a kind of thing. */
export interface Handle {
  look(mac: Mac): Promise<State>;
  /** @throws AgentStop when the system does not let it be so */
  put(mac: Mac, to: State, from: State): Promise<void>;
  /** Lines for people: what it is now and will be, and the commands if it is done by some. */
  show(from: State, to: State): string[];
}

/** What a thing is called, for people and in the memory. */
export function nameOf(thing: Thing): string {
  switch (thing.kind) {
    case "folder":
      return `${thing.path}/`;
    case "file":
    case "link":
    case "bundle":
      return thing.path;
    case "default":
      return `${thing.path} ${thing.key}`;
    case "power":
      return `pmset ${thing.name} (${thing.source})`;
    case "keychain":
      return `login keychain of ${thing.user}`;
    case "job":
      return `${thing.domain}/${thing.label}`;
  }
}
