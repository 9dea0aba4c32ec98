import { followEvents, isTerminal, watch } from "./follow.ts";
import { callJson, type Answer, type Call, type Target } from "./http.ts";
import { makeOutage, type OutageOptions } from "./outage.ts";
import { callOf, type Asked, type LiveOperation, type Operation, type Parts } from "./request.ts";
import { retry } from "./retry.ts";
import type { TartfleetError } from "./error.ts";
import type { Capacity, CreateVm, Explanation, Operations, VmEvent, VmRecord, VmSummary } from "./wire.ts";

/** Below the 60 seconds after which many proxies cut a silent request. */
const LONG_POLL_SECONDS = 50;
/** The API's most. */
const EVENTS_A_PAGE = 1000;
const VMS_A_PAGE = 500;
const RETRY_FOR_MS = 60_000;

export interface ClientOptions extends OutageOptions {
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
  retryForMs?: number | undefined;
  /** Ends whatever the client does. */
  signal?: AbortSignal | undefined;
}

export interface CallOptions {
  /** Rejects with the signal's reason. What was sent may be done all the same. */
  signal?: AbortSignal | undefined;
  /** Instead of the client's. */
  retryForMs?: number | undefined;
}

export interface CreateOptions extends CallOptions {
  /**
   * The same key and body give the same VM for as long as it lives. Give one where the whole step may be run again, like a
   * retried CI job; without one each call has its own, so that its retries at least make no second VM.
   */
  idempotencyKey?: string;
}

/** What a call takes, which may be left out where it takes nothing. */
export type RequestArguments<O extends Operation> =
  object extends Asked<O>
    ? [asked?: Asked<O>, options?: CallOptions]
    : [asked: Asked<O>, options?: CallOptions];

/** Of VMs that are listed. */
export type VmFilter = Omit<Operations["GET /v1/vms"]["query"], "cursor" | "limit">;

/** Calls the API of a control plane. Failures are TartfleetErrors. */
export interface Client {
  /** `created` is false when the key had made this VM before. */
  createVm(vm: CreateVm, options?: CreateOptions): Promise<{ vm: VmRecord; created: boolean }>;
  getVm(id: string, options?: CallOptions): Promise<VmRecord>;
  /** Why it waits and until when, or what it does. */
  explainVm(id: string, options?: CallOptions): Promise<Explanation>;
  /** Newest first, page by page as they are taken. */
  listVms(filter?: VmFilter, options?: CallOptions): AsyncGenerator<VmSummary, void>;
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
  /**
   * Any call of the API, like `request("GET /v1/pools/{name}", { path: { name } })`. What POST and PATCH ask for may
   * be more when it is done twice: they are sent again only when the control plane refused them for now.
   */
  request<O extends Operation>(operation: O, ...asked: RequestArguments<O>): Promise<Operations[O]["answer"]>;
  /**
   * What such a call shows as it changes, over drops and restarts, without end: the fleet's board, whole each time, or
   * which topics have changed.
   */
  watch<O extends LiveOperation>(
    operation: O,
    options?: CallOptions,
  ): AsyncGenerator<Operations[O]["answer"], void>;
}

/** Speaks to one control plane. Nothing is sent yet. */
export function createClient(options: ClientOptions): Client {
  const { token, retryForMs: patienceMs = RETRY_FOR_MS } = options;
  const outage = makeOutage(options);
  const target: Target = {
    url: options.url.replace(/\/+$/, ""),
    token,
    // A browser's must not be called as another object's method.
    fetch: options.fetch ?? ((input, init) => fetch(input, init)),
    outage,
  };

  function signalOf(signal: AbortSignal | undefined): AbortSignal | undefined {
    return signal && options.signal ? AbortSignal.any([signal, options.signal]) : (signal ?? options.signal);
  }

  function call<T>(
    asked: Call,
    { signal: ending, retryForMs = patienceMs }: CallOptions = {},
    mayRepeat?: (error: TartfleetError) => boolean,
  ): Promise<Answer<T>> {
    const signal = signalOf(ending);
    const once = () => callJson<T>(target, { ...asked, signal });
    return retry(once, { forMs: retryForMs, signal, outage, ...(mayRepeat ? { mayRepeat } : {}) });
  }

  async function send<T>(operation: Operation, asked?: Parts, options?: CallOptions): Promise<T> {
    const sent = callOf(operation, asked);
    const mayRepeat = sent.method === "POST" || sent.method === "PATCH" ? wasRefused : undefined;
    return (await call<T>(sent, options, mayRepeat)).body;
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what each operation takes and gives is the type's alone
  const request = send as Client["request"];

  return {
    request,

    async createVm(body, { idempotencyKey = crypto.randomUUID(), ...options } = {}) {
      const headers = { "idempotency-key": idempotencyKey };
      const answer = await call<VmRecord>({ method: "POST", path: "/v1/vms", body, headers }, options);
      return { vm: answer.body, created: answer.status === 201 };
    },

    getVm: (id, options) => request("GET /v1/vms/{id}", { path: { id } }, options),
    explainVm: (id, options) => request("GET /v1/vms/{id}/explain", { path: { id } }, options),

    async *listVms(filter = {}, options) {
      let cursor: string | undefined;
      do {
        const query = { ...filter, limit: VMS_A_PAGE, cursor };
        const page: Operations["GET /v1/vms"]["answer"] = await request("GET /v1/vms", { query }, options);
        yield* page.vms;
        cursor = page.nextCursor ?? undefined;
      } while (cursor !== undefined);
    },

    async waitForVm(id, until, options) {
      const query = { for: until, timeoutSeconds: LONG_POLL_SECONDS };
      const poll = callOf("GET /v1/vms/{id}/wait", { path: { id }, query });
      for (;;) {
        const { body: vm } = await call<VmRecord>({ ...poll, patienceMs: LONG_POLL_SECONDS * 1000 }, options);
        if (isTerminal(vm.state) || (until === "ready" && vm.readyAt !== null)) return vm;
      }
    },

    async vmEvents(id, { after = 0, ...options } = {}) {
      const events: VmEvent[] = [];
      for (;;) {
        const query = { after: events.at(-1)?.id ?? after, limit: EVENTS_A_PAGE };
        const page = await request("GET /v1/vms/{id}/events", { path: { id }, query }, options);
        events.push(...page.events);
        if (page.events.length < EVENTS_A_PAGE) return events;
      }
    },

    followEvents: (id, { retryForMs = patienceMs, signal, ...options } = {}) =>
      followEvents(target, id, { ...options, retryForMs, signal: signalOf(signal) }),

    watch: (operation, { retryForMs = patienceMs, signal } = {}) =>
      watch(target, operation, { retryForMs, signal: signalOf(signal) }),

    endVm: (id, options) => request("DELETE /v1/vms/{id}", { path: { id } }, options),
    capacity: (options) => request("GET /v1/fleet/capacity", {}, options),
  };
}

/** The control plane said that it did not do it. */
function wasRefused({ status, code }: TartfleetError): boolean {
  return status !== undefined && code !== "not_tartfleet";
}
