import { followEvents, isTerminal } from "./follow.ts";
import { callJson, type Answer, type Call, type Target } from "./http.ts";
import { vmPath } from "./paths.ts";
import { retry } from "./retry.ts";
import type {
  Capacity,
  CreateVm,
  Explanation,
  ListVms,
  VmEvent,
  VmPage,
  VmRecord,
  VmSummary,
} from "./wire.ts";

/** Below the 60 seconds after which many proxies cut a silent request. */
const LONG_POLL_SECONDS = 50;
/** The API's most. */
const EVENTS_A_PAGE = 1000;
const VMS_A_PAGE = 500;
const RETRY_FOR_MS = 60_000;

export interface ClientOptions {
  /** Of the control plane, like `https://tartfleet.example.com:7337`. */
  url: string;
  /** Of the role `ci` or `admin`; `viewer` suffices for reading. */
  token: string;
  /**
   * How calls go out; the platform's own by default. It decides whom to trust: `@tartfleet/client/node` has one for
   * control planes that made their certificate themselves.
   */
  fetch?: typeof fetch;
  /** For how long a call that may be sent twice is, while the control plane is away or has too much to do; default 60 000. */
  retryForMs?: number;
}

export interface CallOptions {
  /** Rejects with the signal's reason. What was sent may be done all the same. */
  signal?: AbortSignal;
  /** Instead of the client's. */
  retryForMs?: number;
}

export interface CreateOptions extends CallOptions {
  /**
   * The same key and body give the same VM for as long as it lives. Give one where the whole step may be run again, like a
   * retried CI job; without one each call has its own, so that its retries at least make no second VM.
   */
  idempotencyKey?: string;
}

/** Calls the API of a control plane. Failures are TartfleetErrors. */
export interface Client {
  /** `created` is false when the key had made this VM before. */
  createVm(vm: CreateVm, options?: CreateOptions): Promise<{ vm: VmRecord; created: boolean }>;
  getVm(id: string, options?: CallOptions): Promise<VmRecord>;
  /** Why it waits and until when, or what it does. */
  explainVm(id: string, options?: CallOptions): Promise<Explanation>;
  /** Newest first, page by page as they are taken. */
  listVms(filter?: Omit<ListVms, "cursor" | "limit">, options?: CallOptions): AsyncGenerator<VmSummary, void>;
  /**
   * Resolves when the VM was ready, or has ended, whatever its end: look at `state` and `end`. Waits without end;
   * `signal` bounds it, like `AbortSignal.timeout(600_000)`.
   */
  waitForVm(id: string, until: "ready" | "ended", options?: CallOptions): Promise<VmRecord>;
  /** The history so far, oldest first. */
  vmEvents(id: string, options?: CallOptions & { after?: number }): Promise<VmEvent[]>;
  /** The history and then what comes, each event once, over drops and restarts; ends with the VM. */
  followEvents(id: string, options?: CallOptions & { after?: number }): AsyncGenerator<VmEvent, void>;
  /** Ends it now, whatever it does. Answers at once, without waiting for it to be gone. A second time changes nothing. */
  endVm(id: string, options?: CallOptions): Promise<VmRecord>;
  /** Slots and the queue of the fleet. */
  capacity(options?: CallOptions): Promise<Capacity>;
}

/** Speaks to one control plane. Nothing is sent yet. */
export function createClient(options: ClientOptions): Client {
  const { token, retryForMs: patienceMs = RETRY_FOR_MS } = options;
  const target: Target = {
    url: options.url.replace(/\/+$/, ""),
    token,
    // A browser's must not be called as another object's method.
    fetch: options.fetch ?? ((input, init) => fetch(input, init)),
  };

  /** For calls that may be sent twice, which all are. */
  function call<T>(asked: Call, { signal, retryForMs = patienceMs }: CallOptions = {}): Promise<Answer<T>> {
    return retry(() => callJson<T>(target, { ...asked, signal }), { forMs: retryForMs, signal });
  }

  async function get<T>(path: string, options?: CallOptions, query: Call["query"] = {}): Promise<T> {
    return (await call<T>({ method: "GET", path, query }, options)).body;
  }

  return {
    async createVm(body, { idempotencyKey = crypto.randomUUID(), ...options } = {}) {
      const headers = { "idempotency-key": idempotencyKey };
      const answer = await call<VmRecord>({ method: "POST", path: "/v1/vms", body, headers }, options);
      return { vm: answer.body, created: answer.status === 201 };
    },

    getVm: (id, options) => get(vmPath(id), options),
    explainVm: (id, options) => get(`${vmPath(id)}/explain`, options),

    async *listVms(filter = {}, options) {
      let cursor: string | undefined;
      do {
        const page: VmPage = await get("/v1/vms", options, { ...filter, limit: VMS_A_PAGE, cursor });
        yield* page.vms;
        cursor = page.nextCursor ?? undefined;
      } while (cursor !== undefined);
    },

    async waitForVm(id, until, options) {
      const query = { for: until, timeoutSeconds: LONG_POLL_SECONDS };
      const poll: Call = {
        method: "GET",
        path: `${vmPath(id)}/wait`,
        query,
        patienceMs: LONG_POLL_SECONDS * 1000,
      };
      for (;;) {
        const { body: vm } = await call<VmRecord>(poll, options);
        if (isTerminal(vm.state) || (until === "ready" && vm.readyAt !== null)) return vm;
      }
    },

    async vmEvents(id, { after = 0, ...options } = {}) {
      const events: VmEvent[] = [];
      for (;;) {
        const query = { after: events.at(-1)?.id ?? after, limit: EVENTS_A_PAGE };
        const page = await get<{ events: VmEvent[] }>(`${vmPath(id)}/events`, options, query);
        events.push(...page.events);
        if (page.events.length < EVENTS_A_PAGE) return events;
      }
    },

    followEvents: (id, { retryForMs = patienceMs, ...options } = {}) =>
      followEvents(target, id, { ...options, retryForMs }),

    endVm: async (id, options) =>
      (await call<VmRecord>({ method: "DELETE", path: vmPath(id) }, options)).body,

    capacity: (options) => get("/v1/fleet/capacity", options),
  };
}
