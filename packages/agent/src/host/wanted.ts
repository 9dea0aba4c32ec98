import {
  instanceName,
  type Assignment,
  type AssignmentSet,
  type ImageWork,
  type Welcome,
} from "@tartfleet/shared";

/** What the control plane wants of this host, as far as it is known. */
export interface Wanted {
  /** The newest set of the present log; null before one was received. */
  assignments(): readonly Assignment[] | null;
  /** What is to be done about images; null before a set was received. */
  images(): ImageWork | null;
  find(name: string): Assignment | null;
  /** The log of the session that is open and has sent its set; null otherwise. */
  liveLog(): string | null;
  welcome(welcome: Welcome): void;
  set(set: AssignmentSet): void;
  lost(): void;
}

export function createWanted(): Wanted {
  let set: AssignmentSet | null = null;
  let isLive = false;
  return {
    assignments: () => set?.assignments ?? null,
    images: () => set && (set.images ?? { pull: [], remove: [] }),
    find: (name) =>
      set?.assignments.find(({ vmId, attempt }) => instanceName(vmId, attempt) === name) ?? null,
    liveLog: () => (isLive ? (set?.logId ?? null) : null),
    welcome({ logId }) {
      // What another database wanted says nothing about this one's wishes.
      if (set && set.logId !== logId) set = null;
      isLive = false;
    },
    set(next) {
      if (set && set.logId === next.logId && next.revision < set.revision) return;
      set = next;
      isLive = true;
    },
    lost() {
      isLive = false;
    },
  };
}
