import { CallError, runnerSchema, type ReportResult } from "@tartfleet/shared";
import { z } from "zod";
import { hangBell } from "./bell.ts";
import type { Parts } from "./parts.ts";
import { mintToken } from "./secrets.ts";
import type { AgentUseCases, HostPrincipal } from "./use-cases.ts";
import type { VmSecrets } from "./vms.ts";

const secretsSchema: z.ZodType<VmSecrets> = z.object({
  env: z.record(z.string(), z.string()),
  runner: runnerSchema.nullable(),
});

/** So quickly agents come back when all of them have lost their connection at once; they can be greeted faster. */
const RETURNS_PER_SECOND = 200;

/** The agents' side: sessions, assignments, reports. */
export function makeAgentUseCases(parts: Parts): AgentUseCases {
  const { store, changes, leases, sealer, clock, config, identity } = parts;

  /** A call of the present session is a sign of life; one of an older session is refused. */
  function requireSession(host: HostPrincipal, epoch: number): void {
    store.requireSession(host.hostId, epoch);
    const returned = !leases.isConnected(host.hostId);
    leases.renew(host.hostId, epoch);
    if (returned) changes.roomChanged();
  }

  return {
    async hello(host, hello) {
      const { facts, instances, machineId, agentId } = hello;
      if (leases.hasRival(host.hostId, agentId)) {
        throw new CallError(
          "host_identity_conflict",
          `Another agent is connected as host ${host.hostName}. Stop that one, or give this machine a name and an enrolment of its own; this one is let in when the other has been silent for ${config.leaseSeconds} s.`,
        );
      }
      const { epoch } = await store.openSession(host.hostId, machineId, { facts, instances }, clock.now());
      leases.renew(host.hostId, epoch);
      leases.speaks(host.hostId, agentId);
      // Older sessions' subscriptions wake up, see the new epoch and end.
      changes.hostChanged(host.hostId);
      changes.roomChanged();
      return {
        logId: store.logId,
        epoch,
        heartbeatSeconds: config.heartbeatSeconds,
        leaseSeconds: config.leaseSeconds,
        returnWithinSeconds: leases.hostCount() / RETURNS_PER_SECOND,
      };
    },

    async *assignments(host, epoch, signal) {
      const bell = hangBell(changes.onHost(host.hostId), signal);
      let sent = -1;
      try {
        do {
          requireSession(host, epoch);
          const set = store.assignments(host.hostId);
          if (set.revision !== sent) yield set;
          sent = set.revision;
        } while (await bell.wait());
      } finally {
        bell.takeDown();
      }
    },

    async report(host, epoch, reports) {
      requireSession(host, epoch);
      const known = reports.filter((report) => report.kind !== "unknown");
      const results = await store.applyReports(host.hostId, epoch, known, parts.context());
      for (const result of results) changes.publish(result);
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

    async heartbeat(host, epoch, changed) {
      requireSession(host, epoch);
      if (changed.facts === undefined && changed.instances === undefined) return;
      await store.updateSeen(host.hostId, epoch, changed, clock.now());
      changes.roomChanged();
    },

    async bootstrap(host, epoch, about) {
      requireSession(host, epoch);
      const { id, token, hash } = mintToken();
      const { vm, secrets } = await store.bootstrap(host.hostId, epoch, about, {
        id,
        hash,
        kind: "vm",
        name: `VM ${about.vmId}`,
        vmId: about.vmId,
        attempt: about.attempt,
        createdAt: clock.now(),
      });
      const { env, runner } = secrets
        ? secretsSchema.parse(sealer.open(secrets, vm.id))
        : { env: {}, runner: null };
      const caCertificate = identity.guestCa?.();
      return {
        vmName: vm.name,
        jobId: vm.spec.jobId ?? null,
        publicUrl: config.publicUrl,
        ...(caCertificate === undefined ? {} : { caCertificate }),
        vmToken: token,
        env,
        runner,
      };
    },
  };
}
