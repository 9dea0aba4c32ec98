import {
  CallError,
  canonicalImage,
  channelIn,
  DEFAULT_PRIORITY,
  DEFAULT_TEAM,
  isTerminal,
  reveal,
  type CreateVm,
  type DeleteVmQuery,
  type Runner,
  type Secret,
  type VmEvent,
} from "@tartfleet/shared";
import type { LifecycleEvent } from "../domain/lifecycle.ts";
import { unplacedVm, type Vm, type VmSpec } from "../domain/vm.ts";
import type { Act } from "../store/audit.ts";
import { actOf, nameOf, vmName } from "./acts.ts";
import { hangBell } from "./bell.ts";
import type { EngineConfig } from "./config.ts";
import type { ChannelChoice } from "./channels.ts";
import { requireHoldable } from "./hold-limit.ts";
import type { Parts } from "./parts.ts";
import { requireSchedulable } from "./schedulable.ts";
import { VM_ID_LENGTH } from "./secrets.ts";
import type { Tags } from "./tags.ts";
import type { Principal, UseCases } from "./use-cases.ts";

const DEFAULT_TTL_SECONDS = 6 * 60 * 60;
const EVENTS_AT_ONCE = 200;

/** What is sealed beside a VM until its guest has been set up. */
export interface VmSecrets {
  env: Record<string, Secret>;
  runner: Runner | null;
}

type VmUseCases = Pick<
  UseCases,
  | "createVm"
  | "getVm"
  | "teamOfVm"
  | "listVms"
  | "waitForVm"
  | "vmEvents"
  | "followVmEvents"
  | "endVm"
  | "guestEvent"
>;

/** @param choiceOf what a channel has for the VM of that id */
export function makeVmUseCases(
  parts: Parts,
  choiceOf: (channel: string, id: string) => ChannelChoice,
  tags: Pick<Tags, "choose" | "accepted">,
): VmUseCases {
  const { store, changes, records, refusals, sealer, clock, config } = parts;

  function requireVm(id: string): Vm {
    const vm = store.vm(id);
    if (!vm) throw vmNotFound(id);
    return vm;
  }

  /** @throws CallError invalid_request */
  function requireClass(priority: string): void {
    const names = config.priorityClasses.map(({ name }) => name);
    if (names.includes(priority)) return;
    const message = `must be one of this control plane's classes: ${names.join(", ")}`;
    throw new CallError("invalid_request", `priority ${message}.`, [{ path: "priority", message }]);
  }

  async function apply(id: string, event: LifecycleEvent, act?: Act) {
    const applied = await store.applyEvent(id, event, parts.context(), act);
    changes.publish(applied);
    return records.vmRecord(applied.vm ?? requireVm(id));
  }

  return {
    async createVm(caller, input, idempotencyKey, runnerFrom) {
      const ttlSeconds = input.ttlSeconds ?? Math.min(DEFAULT_TTL_SECONDS, config.maxTtlSeconds);
      if (ttlSeconds > config.maxTtlSeconds) {
        const message = `must be at most ${config.maxTtlSeconds} (this control plane's --max-ttl-seconds)`;
        throw new CallError("invalid_request", `ttlSeconds ${message}.`, [{ path: "ttlSeconds", message }]);
      }
      requireClass(input.priority ?? DEFAULT_PRIORITY);
      requireHoldable(input.holdOnFailureSeconds ?? 0, config.maxHoldSeconds, "holdOnFailureSeconds");
      const id = parts.randomId(VM_ID_LENGTH);
      const channel = channelIn(input.image);
      const choice = channel === undefined ? undefined : choiceOf(channel, id);
      const vm = newVm(
        id,
        choice ? { ...input, image: choice.image } : input,
        teamOf(caller.principal),
        ttlSeconds,
        config,
        clock.now(),
      );
      if (channel !== undefined) vm.spec.channel = channel;
      if (runnerFrom !== undefined)
        Object.assign(vm.spec, { runnerKind: runnerFrom.kind, runnerFrom: runnerFrom.definition });
      const trace = parts.tracer?.begin(caller.traceparent);
      if (trace) vm.spec.trace = trace;
      vm.resolution = tags.choose(vm.spec.image);
      if (vm.resolution?.kind === "digest") vm.imageDigest = vm.resolution.digest;
      const secrets: VmSecrets = { env: input.env, runner: input.runner ?? null };
      const needsSealing = secrets.runner !== null || vm.spec.envNames.length > 0;
      const accepted = await store.acceptVm(
        {
          vm,
          createdBy: nameOf(caller.principal),
          idempotencyKey: idempotencyKey ?? null,
          bodyHash: sealer.hash(canonicalJson(reveal(input))),
          secrets: needsSealing ? sealer.seal(reveal(secrets), vm.id) : null,
          mostQueued: config.maxQueuedPerTeam,
          admit() {
            choice?.require();
            if (!input.allowPending) requireSchedulable(parts.standing, vm);
          },
        },
        actOf(caller, "vm.create", vmName(vm.id), {
          name: vm.name,
          team: vm.team,
          image: vm.spec.image,
          jobId: vm.spec.jobId ?? null,
        }),
        clock.now(),
      );
      const created = accepted.event !== null;
      if (created) {
        changes.publish({
          outcome: "applied",
          ...accepted,
          phase: null,
          spent: null,
          hosts: [],
          roomChanged: false,
        });
        tags.accepted(accepted.vm);
      }
      return { vm: records.vmRecord(accepted.vm), created };
    },

    getVm: (id) => records.vmRecord(requireVm(id)),

    teamOfVm: (id) => store.teamOfVm(id),

    listVms({ cursor, ...query }) {
      const before = cursor === undefined ? undefined : store.vmSeq(cursor, query.team);
      if (cursor !== undefined && before === undefined) {
        const message = "is not the nextCursor of a page before";
        throw new CallError("invalid_request", `cursor ${message}.`, [{ path: "cursor", message }]);
      }
      const floor = store.pageFloor(query, before);
      const page = store
        .listVms({ ...query, limit: query.limit + 1 }, before, floor?.seq)
        .map(({ vm }) => records.vmSummary(vm));
      const vms = page.slice(0, query.limit);
      const more = page.length > query.limit ? vms.at(-1)?.id : floor?.id;
      return { vms, nextCursor: more ?? null };
    },

    async waitForVm(id, goal, timeoutSeconds, signal) {
      requireVm(id);
      const over = new AbortController();
      const cancel = clock.after(timeoutSeconds * 1000, () => over.abort());
      const bell = hangBell(changes.onVm(id), AbortSignal.any([signal, over.signal]));
      try {
        for (;;) {
          const vm = requireVm(id);
          if (isTerminal(vm.state) || (goal === "ready" && vm.readyAt !== null)) return records.vmRecord(vm);
          if (!(await bell.wait())) return records.vmRecord(requireVm(id));
        }
      } finally {
        bell.takeDown();
        cancel();
      }
    },

    vmEvents(id, after, limit) {
      requireVm(id);
      return store.events(id, after, limit);
    },

    async *followVmEvents(id, after, signal): AsyncGenerator<VmEvent, void> {
      requireVm(id);
      const bell = hangBell(changes.onVm(id), signal);
      let last = after;
      try {
        for (;;) {
          // The state is read before the events: an end that comes in between is seen in the next round.
          const ended = isTerminal(requireVm(id).state);
          const events = store.events(id, last, EVENTS_AT_ONCE);
          for (const event of events) {
            if (signal.aborted) return;
            yield event;
            last = event.id;
          }
          if (events.length === EVENTS_AT_ONCE) continue;
          if (ended || !(await bell.wait())) return;
        }
      } finally {
        bell.takeDown();
      }
    },

    async endVm(caller, id, query) {
      const { principal } = caller;
      const vm = requireVm(id);
      if (principal.kind !== "vm") {
        const event = { kind: "end_requested" as const, by: nameOf(principal) };
        return apply(id, event, actOf(caller, "vm.end", vmName(id)));
      }
      if (query.jobId !== undefined && vm.spec.jobId !== undefined && query.jobId !== vm.spec.jobId) {
        await apply(id, { kind: "wrong_job", attempt: principal.attempt, jobId: query.jobId });
        refusals.note(caller, "vm.end", vmName(id), "job_mismatch");
        throw new CallError(
          "job_mismatch",
          `VM ${id} is not for job ${query.jobId}. The script that called belongs to another VM.`,
        );
      }
      const event = announcementOf(principal.attempt, query);
      const { attempt, phase, rc } = event;
      return apply(id, event, actOf(caller, "vm.announce", vmName(id), { attempt, phase, rc }));
    },

    async guestEvent(caller, id, event) {
      const { principal } = caller;
      if (principal.kind !== "vm")
        throw new CallError("forbidden", "Only a VM's own token tells of its job.");
      const { attempt } = principal;
      const act = actOf(caller, "vm.tell", vmName(id), { attempt, event: event.type });
      return apply(id, { kind: "job_started", attempt, details: event.details }, act);
    },
  };
}

/** The same for a VM that is not there and for one that the caller may not know of. */
export function vmNotFound(id: string): CallError {
  return new CallError("vm_not_found", `There is no VM with the id ${id}.`);
}

function announcementOf(attempt: number, query: DeleteVmQuery) {
  return {
    kind: "announced" as const,
    attempt,
    phase: query.phase ?? ("job_hook" as const),
    cause: query.cause,
    rc: query.rc ?? null,
    ip: query.ip ?? null,
  } satisfies LifecycleEvent;
}

function newVm(
  id: string,
  input: CreateVm,
  team: string,
  ttlSeconds: number,
  config: Pick<EngineConfig, "defaultQueueTimeoutSeconds" | "noJobTimeoutSeconds">,
  now: number,
): Vm {
  const { image, os, hostLabels, preferredHostLabels, labels, priority, run } = input;
  const { cpu, memoryMiB, diskGiB, jobId } = input;
  const queueTimeoutMs = (input.queueTimeoutSeconds ?? config.defaultQueueTimeoutSeconds) * 1000;
  const noJobMs = (input.noJobTimeoutSeconds ?? config.noJobTimeoutSeconds) * 1000;
  const spec: VmSpec = {
    image: canonicalImage(image) ?? image,
    os,
    hostLabels,
    preferredHostLabels: preferredHostLabels ?? {},
    labels,
    priority: priority ?? DEFAULT_PRIORITY,
    run,
    cpu,
    memoryMiB,
    diskGiB,
    jobId,
    envNames: Object.keys(input.env).sort(),
    runnerKind: input.runner?.kind ?? null,
    ttlMs: ttlSeconds * 1000,
    queueTimeoutMs,
    noJobMs,
    ...(input.holdOnFailureSeconds ? { holdOnFailureMs: input.holdOnFailureSeconds * 1000 } : {}),
    ...(input.budgets ? { budgetsMs: budgetsMsOf(input.budgets) } : {}),
  };
  const own = { id, name: input.name ?? `vm-${id}`, team, spec, resolution: null };
  return unplacedVm({ ...own, budgetEndsAt: now + queueTimeoutMs }, now);
}

function budgetsMsOf(budgets: NonNullable<CreateVm["budgets"]>): NonNullable<Vm["spec"]["budgetsMs"]> {
  const { pullStallSeconds, cloneSeconds, bootSeconds, provisionSeconds } = budgets;
  const seconds = {
    pulling: pullStallSeconds,
    cloning: cloneSeconds,
    booting: bootSeconds,
    provisioning: provisionSeconds,
  };
  return Object.fromEntries(
    Object.entries(seconds).flatMap(([phase, asked]) => (asked === undefined ? [] : [[phase, asked * 1000]])),
  );
}

function teamOf(principal: Principal): string {
  return (principal.kind === "token" ? principal.team : null) ?? DEFAULT_TEAM;
}

/** The same text for the same value, whatever the order of its keys. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
