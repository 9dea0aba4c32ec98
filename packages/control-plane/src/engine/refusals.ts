import { CallError, type CallErrorCode } from "@tartfleet/shared";
import type { Store } from "../store/store.ts";
import { nameOf } from "./acts.ts";
import type { Clock } from "./clock.ts";
import type { Patience } from "./patience.ts";
import type { Caller } from "./use-cases.ts";

/** Refusals of callers whose token is good: what an honest one is told seldom, and an intruder often. */
const TELLING: ReadonlySet<CallErrorCode> = new Set([
  "forbidden",
  "job_mismatch",
  "host_identity_conflict",
  "enrolment_used_up",
  "session_fenced",
  "attempt_not_current",
]);

const WINDOW_MS = 600_000;
const MOST_OF_ONE = 20;
const MOST_OF_ALL = 200;
const MOST_ADDRESSES = 1000;

/** Writes refused acts into the audit log; bounded, since whoever is refused chooses how often. */
export interface Refusals {
  /** A call that was refused with the code. */
  note(caller: Caller, action: string, subject: string, code: CallErrorCode): void;
  /** Does the work, and notes it when it is refused. */
  watch<T>(caller: Caller, action: string, subject: string, work: () => Promise<T>): Promise<T>;
  /** A token that is not valid. */
  noteStranger(address: string): void;
  stop(): void;
}

interface RefusalParts {
  store: Pick<Store, "recordAct">;
  clock: Clock;
  patience: Patience;
}

/**
 * In ten minutes at most 20 rows of one caller and 200 in all, and one row that says how many more there
 * were: 17 MB a day at the very most. Of tokens that are not valid the first is written, and then their number.
 */
export function makeRefusals({ store, clock, patience }: RefusalParts): Refusals {
  let written = 0;
  let unwritten = 0;
  const writtenOf = new Map<string, number>();
  let strangers = 0;
  const addresses = new Set<string>();
  let cancel: (() => void) | undefined;

  function write(act: Parameters<Store["recordAct"]>[0]): void {
    const now = clock.now();
    patience.keepTrying(() => store.recordAct(act, now));
  }

  function open(): void {
    cancel ??= clock.after(WINDOW_MS, close);
  }

  function close(): void {
    cancel = undefined;
    if (unwritten > 0) write({ ...NOBODY, action: "refusals.counted", details: { more: unwritten } });
    if (strangers > 1) {
      const details = { more: strangers - 1, addresses: addresses.size };
      write({ ...NOBODY, action: "logins.counted", details });
    }
    written = unwritten = strangers = 0;
    writtenOf.clear();
    addresses.clear();
  }

  function note(caller: Caller, action: string, subject: string, code: CallErrorCode): void {
    const { principal, address, requestId } = caller;
    const actor = nameOf(principal);
    const ofOne = writtenOf.get(actor) ?? 0;
    open();
    if (written >= MOST_OF_ALL || ofOne >= MOST_OF_ONE) {
      unwritten += 1;
      return;
    }
    written += 1;
    writtenOf.set(actor, ofOne + 1);
    const about = subject.slice(0, LONGEST_SUBJECT);
    write({ actor, action, subject: about, outcome: "refused", address, requestId, details: { code } });
  }

  return {
    note,
    async watch(caller, action, subject, work) {
      try {
        return await work();
      } catch (error) {
        if (error instanceof CallError && TELLING.has(error.code)) note(caller, action, subject, error.code);
        throw error;
      }
    },
    noteStranger(address) {
      open();
      strangers += 1;
      if (addresses.size < MOST_ADDRESSES) addresses.add(address);
      if (strangers === 1) write({ ...NOBODY, action: "login", address, details: {} });
    },
    stop: () => cancel?.(),
  };
}

const NOBODY = {
  actor: "unknown",
  subject: "control plane",
  outcome: "refused",
  address: null,
  requestId: null,
} as const;

/** A subject that does not exist is the caller's own text. */
const LONGEST_SUBJECT = 100;
