import { reveal } from "@tartfleet/shared";
import { failed, ok } from "@tartfleet/agent/src/tart/result.ts";
import type { Plan, PlannedAction } from "../plan/plan.ts";
import { inAgent, inConnection, inGuests, inJournal, inTart, type Mutation } from "./plant.ts";

const MINUTE = 60_000;

/** A VM whose job takes twenty minutes, and what is done to its host meanwhile. */
const underWay = (...actions: PlannedAction[]): Plan => ({
  hosts: 1,
  calmAt: 10 * MINUTE,
  actions: [
    {
      at: 5000,
      action: {
        kind: "create",
        job: {
          n: 1,
          os: "macos",
          runner: "github",
          ttlSeconds: 3600,
          mode: "good",
          idleMs: 1000,
          jobMs: 20 * MINUTE,
        },
      },
    },
    ...actions,
  ],
});

/** An agent comes back to a running VM of which tart then says that it is stopped. */
const LOST_AND_FOUND = underWay(
  { at: 4 * MINUTE, action: { kind: "crash", who: 1, point: null, downMs: 3000, isReset: true } },
  {
    at: 5 * MINUTE,
    action: { kind: "host_fault", host: 1, fault: "list_says_stopped", chance: 1, ms: MINUTE },
  },
);

/** An agent that takes over from a dead one has no journal and cannot learn what there is. */
const NOTHING_TO_SEE = underWay(
  {
    at: 4 * MINUTE,
    action: { kind: "host_fault", host: 1, fault: "list_fails", chance: 1, ms: 2 * MINUTE },
  },
  { at: 4 * MINUTE, action: { kind: "crash", who: 1, point: null, downMs: 2 * MINUTE, isReset: true } },
  { at: 4 * MINUTE + 40_000, action: { kind: "second_agent", host: 1, ms: MINUTE } },
);

/** An agent dies when tart has deleted what nobody wants any more and its log is still there. */
const BETWEEN_DELETE_AND_FORGET = underWay(
  { at: 3 * MINUTE, action: { kind: "restore", downMs: 3000 } },
  {
    at: 3 * MINUTE,
    action: { kind: "host_fault", host: 1, fault: "delete_done_fails", chance: 1, ms: 3 * MINUTE },
  },
  { at: 226_700, action: { kind: "crash", who: 1, point: null, downMs: 3000, isReset: true } },
);

/** The agent: what it hears and says, what it sees of its host, what it remembers. */
export const IN_THE_AGENT: readonly Mutation[] = [
  inConnection("an agent drops every tenth report", (connection) => {
    let count = 0;
    return {
      report(epoch, reports, signal) {
        count += 1;
        if (count % 10 !== 0) return connection.report(epoch, reports, signal);
        return Promise.resolve(ok(reports.map(() => ({ outcome: "applied" as const }))));
      },
    };
  }),
  inConnection("an agent never sends heartbeats", () => ({
    heartbeat: () => Promise.resolve(ok()),
  })),
  inTart("tart's list leaves out what runs", (tart) => ({
    async listLocal() {
      const listed = await tart.listLocal();
      return listed.ok ? ok(listed.value.filter(({ state }) => state !== "running")) : listed;
    },
  })),
  {
    ...inTart("a list that fails is taken for an empty one", (tart) => ({
      async listLocal() {
        const listed = await tart.listLocal();
        return listed.ok ? listed : ok([]);
      },
    })),
    plan: NOTHING_TO_SEE,
  },
  inTart("a delete is believed without a look", (tart) => ({
    async delete(name) {
      await tart.delete(name);
      return ok();
    },
    async listLocal() {
      const listed = await tart.listLocal();
      return listed.ok ? ok(listed.value.filter(({ state }) => state === "running")) : listed;
    },
  })),
  {
    ...inTart("a removal takes more images than were named", (tart) => ({
      async deleteImage(reference) {
        const listed = await tart.listImages();
        for (const image of listed.ok ? listed.value : []) await tart.deleteImage(image.reference);
        return await tart.deleteImage(reference);
      },
    })),
    plan: underWay(
      { at: 2 * MINUTE, action: { kind: "images", wish: "prepull" } },
      { at: 6 * MINUTE, action: { kind: "images", wish: "prune" } },
    ),
  },
  inTart("an agent's stop ends every VM of its host", (tart) => ({
    async stop(name) {
      const listed = await tart.listLocal();
      for (const vm of listed.ok ? listed.value : []) {
        if (vm.state === "running" && vm.name.startsWith("tf-")) await tart.stop(vm.name);
      }
      return await tart.stop(name);
    },
  })),
  {
    ...inTart("a run that is found again is not recognised", () => ({
      findRun: () => Promise.resolve(undefined),
    })),
    plan: LOST_AND_FOUND,
  },
  inTart("all VMs are taken for Linux ones, which need no slot", (tart) => ({
    os: () => Promise.resolve(ok("linux" as const)),
    async listLocal() {
      const listed = await tart.listLocal();
      return listed.ok ? ok(listed.value.filter(({ name }) => name.startsWith("tf-"))) : listed;
    },
  })),
  inJournal("an agent's restart stops what runs", ({ tart, journal }) => ({
    async load() {
      const entries = await journal.load();
      for (const name of entries.keys()) await tart.stop(name);
      return entries;
    },
  })),
  inAgent("what nobody wants is never removed", ({ limits }) => ({
    limits: { ...limits, orphanMs: Number.POSITIVE_INFINITY },
  })),
  {
    ...inJournal("the journal is not written", () => ({ save: () => Promise.resolve() })),
    plan: BETWEEN_DELETE_AND_FORGET,
  },
  inAgent("an agent logs what it hands to the guest", ({ guests, log }) => ({
    guests: {
      reach: (address, options) => guests.reach(address, options),
      scriptResult: (guest, signal) => guests.scriptResult(guest, signal),
      requestShutdown: (guest, signal) => guests.requestShutdown(guest, signal),
      provision(guest, subject, bootstrap, signal) {
        log.info({ bootstrap: reveal(bootstrap) }, "provisioning");
        return guests.provision(guest, subject, bootstrap, signal);
      },
    },
  })),
  inGuests("a guest that does not answer at once is taken for lost", () => ({
    reach: () => Promise.resolve(failed({ code: "instance_lost", message: "no answer", facts: {} })),
  })),
];
