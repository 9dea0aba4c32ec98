import {
  bootstrapSchema,
  CallError,
  Secret,
  TELLS_OF_ITS_JOB,
  type ImageWork,
  type AttemptRef,
  type ReportResult,
  type Runner,
  type TunnelWish,
} from "@tartfleet/shared";
import type { z } from "zod";
import { actOf, hostName, vmName } from "./acts.ts";
import { hangBell } from "./bell.ts";
import type { Vm } from "../domain/vm.ts";
import type { Applied } from "../store/apply.ts";
import type { Leftover } from "./changes.ts";
import type { Parts } from "./parts.ts";
import type { Tags } from "./tags.ts";
import { mintToken } from "./secrets.ts";
import type { AgentUseCases, HostCaller } from "./use-cases.ts";
import type { VmSecrets } from "./vms.ts";

const secretsSchema: z.ZodType<VmSecrets> = bootstrapSchema.pick({ env: true, runner: true });

/** So quickly agents come back when all of them have lost their connection at once: 10,000 within a lease. */
const RETURNS_PER_SECOND = 500;

/** The agents' side: sessions, assignments, reports. */
export function makeAgentUseCases(
  parts: Parts,
  breaker: { sessionOpened(hostId: number): void },
  imageWorkOf: (hostId: number) => ImageWork,
  tags: Tags,
  tunnelsOf: (hostId: number) => TunnelWish[],
  runnerOf: (vm: Vm) => Promise<Runner>,
): AgentUseCases {
  const { store, changes, leases, hearing, refusals, sealer, clock, config, identity } = parts;

  /** A call of the present session is a sign of life; one of an older session is refused. */
  function requireSession({ principal: host }: HostCaller, epoch: number): void {
    // Of a session that was heard of last it is known without asking; writes are fenced in their own step anyway.
    if (leases.epoch(host.hostId) !== epoch) store.requireSession(host.hostId, epoch);
    const returned = !leases.isConnected(host.hostId);
    leases.renew(host.hostId, epoch);
    hearing.heard(host.hostId, false);
    if (returned) {
      changes.hostRoomChanged(host.hostId);
      changes.hostReturned(host.hostId);
    }
  }

  function openSecrets(sealed: Buffer, vmId: string): VmSecrets | undefined {
    try {
      return secretsSchema.parse(sealer.open(sealed, vmId));
    } catch {
      return undefined;
    }
  }

  /** What a host asks for; a refusal that an honest one seldom gets is written down. */
  const watched = <T>(caller: HostCaller, work: () => Promise<T>, subject?: string): Promise<T> =>
    refusals.watch(caller, "agent.speak", subject ?? hostName(caller.principal.hostName), work);

  return {
    async hello(caller, hello) {
      const { principal: host } = caller;
      const { facts, instances, machineId, agentId } = hello;
      const act = actOf(caller, "host.connect", hostName(host.hostName), {
        machineId,
        agentVersion: facts.agentVersion,
        instances: instances.length,
      });
      const { epoch } = await watched(caller, async () => {
        if (leases.hasRival(host.hostId, agentId)) {
          throw new CallError(
            "host_identity_conflict",
            `Another agent is connected as host ${host.hostName}. Stop that one, or give this machine a name and an enrolment of its own; this one is let in when the other has been silent for ${config.leaseSeconds} s.`,
          );
        }
        return store.openSession(host.hostId, machineId, { facts, instances }, act, clock.now());
      });
      leases.renew(host.hostId, epoch);
      hearing.heard(host.hostId, true);
      leases.speaks(host.hostId, agentId);
      breaker.sessionOpened(host.hostId);
      tags.sessionOpened(host.hostId, facts.resolvesTags === true);
      // Older sessions' subscriptions wake up, see the new epoch and end.
      changes.hostChanged(host.hostId);
      changes.hostRoomChanged(host.hostId);
      return {
        logId: store.logId,
        epoch,
        heartbeatSeconds: config.heartbeatSeconds,
        leaseSeconds: config.leaseSeconds,
        returnWithinSeconds: leases.hostCount() / RETURNS_PER_SECOND,
      };
    },

    async *assignments(caller, epoch, signal) {
      const { principal: host } = caller;
      const bell = hangBell(changes.onHost(host.hostId), signal);
      let sent = "";
      let understands: boolean | undefined;
      try {
        do {
          requireSession(caller, epoch);
          const set = store.assignments(host.hostId);
          // An agent says so in its hello or never, and to read a host's facts takes longest of all this.
          understands ??= store.hostRow(host.hostId).facts?.imageFailures !== undefined;
          const images = understands ? imageWorkOf(host.hostId) : undefined;
          const resolve = tags.askedOf(host.hostId);
          const tunnels = tunnelsOf(host.hostId);
          const version = `${set.revision} ${JSON.stringify([images, resolve, tunnels])}`;
          if (version !== sent) {
            yield {
              ...set,
              ...(images ? { images } : {}),
              ...(resolve.length === 0 ? {} : { resolve }),
              ...(tunnels.length === 0 ? {} : { tunnels }),
            };
          }
          sent = version;
        } while (await bell.wait());
      } finally {
        bell.takeDown();
      }
    },

    async report(caller, epoch, reports) {
      const known = reports.filter((report) => report.kind !== "unknown");
      const results = await watched(caller, async () => {
        requireSession(caller, epoch);
        return store.applyReports(caller.principal.hostId, epoch, known, parts.context());
      });
      for (const [index, result] of results.entries()) {
        changes.publish(result);
        const leftover = known[index]?.kind === "gone" ? leftoverOf(result) : undefined;
        if (leftover !== undefined) changes.leftoverGone(leftover);
      }
      const answers = results[Symbol.iterator]();
      return reports.map((report): ReportResult => {
        if (report.kind === "unknown") {
          const reason = `this control plane knows no report of the kind ${report.said}`;
          return { outcome: "ignored", reason };
        }
        const result = answers.next().value;
        return result?.outcome === "ignored"
          ? { outcome: "ignored", reason: result.reason }
          : { outcome: "applied" };
      });
    },

    heartbeat: (caller, epoch, changed) =>
      watched(caller, async () => {
        requireSession(caller, epoch);
        if (changed.facts === undefined && changed.instances === undefined) return;
        await store.updateSeen(caller.principal.hostId, epoch, changed, clock.now());
        changes.hostRoomChanged(caller.principal.hostId);
      }),

    resolved: (caller, epoch, reference, answer) =>
      watched(caller, async () => {
        requireSession(caller, epoch);
        tags.answered(caller.principal, reference, answer);
      }),

    async bootstrap(caller, epoch, named) {
      const { id, token, hash } = mintToken();
      const made = (about: AttemptRef) => {
        const name = vmName(about.vmId);
        const act = actOf(caller, "vm.bootstrap", name, { attempt: about.attempt });
        return { act, token: { id, hash, kind: "vm" as const, name, ...about, createdAt: clock.now() } };
      };
      const handOut = async () => {
        requireSession(caller, epoch);
        return store.bootstrap(caller.principal.hostId, epoch, named, made);
      };
      const { vm, secrets } = await watched(caller, handOut, vmName(named.vmId));
      const { attempt } = vm;
      const opened = secrets ? openSecrets(secrets, vm.id) : { env: {}, runner: null };
      if (!opened) {
        const message =
          "What its guest is to be set up with cannot be opened: the key is another one than it was sealed with. Make the VM anew.";
        const error = { code: "secrets_unreadable" as const, message, facts: {} };
        const failed = { kind: "failed" as const, attempt, phase: "provisioning" as const, error };
        changes.publish(await store.applyEvent(vm.id, failed, parts.context()));
        throw new CallError("attempt_not_current", message);
      }
      const { env } = opened;
      const runner = vm.spec.runnerFrom === undefined ? opened.runner : await runnerOf(vm);
      const caCertificate = identity.guestCa?.();
      return {
        ...(vm.id === named.vmId ? {} : { forVm: { vmId: vm.id, attempt } }),
        vmName: vm.name,
        jobId: vm.spec.jobId ?? null,
        publicUrl: config.publicUrl,
        ...(caCertificate === undefined ? {} : { caCertificate }),
        vmToken: new Secret(token),
        env,
        runner,
        ...(vm.spec.noJobMs && runner && TELLS_OF_ITS_JOB.has(runner.kind)
          ? { noJobSeconds: Math.ceil(vm.spec.noJobMs / 1000) }
          : {}),
      };
    },
  };
}

/** What it was that was seen gone, where it was not the instance of a VM's present attempt. */
function leftoverOf(gone: Applied): Leftover | undefined {
  if (gone.outcome === "ignored") return gone.vm === null ? "unknown" : undefined;
  return gone.phase === null ? "given_up" : undefined;
}
