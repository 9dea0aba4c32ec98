import { decide } from "@tartfleet/control-plane/src/domain/scheduling/decide.ts";
import { quantile } from "simple-statistics";
import { atMost, type Scenario } from "../frame/scenario.ts";
import { makeBare } from "../placement/bare.ts";
import { requestOf, roomOf, viewOf } from "../placement/fleet.ts";

/** As many as the scheduler has placed in one go. */
const AT_ONCE = 50;
const CHURN = 2000;

/**
 * Twice as many VMs as hosts, of mixed labels, images, teams and priorities, are placed on an empty fleet; then, on
 * the full one, slots become free one by one and are taken again. Decisions alone, in this process; its twin is lists
 * of free slots.
 */
export const placement: Scenario = {
  name: "placement",
  about: "decisions alone, on an empty fleet and in churn on a full one",
  figures: [
    { name: "whole", unit: "us/VM", aim: atMost("ratio", 3), growth: 0.2 },
    { name: "churn p50", unit: "us", growth: 0.2 },
    { name: "churn p99", unit: "us", aim: atMost("value", 20), growth: 0.2 },
  ],
  async run({ scale: { hosts }, rounds }) {
    return rounds(async () => {
      const wanted = 2 * hosts;
      const bareMs = timed(() => {
        const bare = makeBare(hosts);
        for (let seq = 1; seq <= wanted; seq += 1) bare.place(seq);
      });
      let view = viewOf(0, 0);
      const ownMs = timed(() => {
        view = viewOf(hosts, wanted);
        while (decide(view, AT_ONCE).length > 0);
      });
      const perVm = (ms: number) => (ms * 1000) / wanted;

      const churn = Array.from({ length: CHURN }, (_, index) => {
        const hostId = 1 + ((index * 7919) % hosts);
        const before = view.rooms.room(hostId) ?? roomOf(hostId);
        view.rooms.put({ ...roomOf(hostId), freeSlots: [...new Set([...before.freeSlots, 0])] });
        view.queue.put(requestOf(wanted + index + 1));
        view.queue.unpark(() => true);
        return timed(() => void decide(view, 1)) * 1000;
      });
      return [
        { figure: "whole", value: perVm(ownMs), baseline: perVm(bareMs) },
        { figure: "churn p50", value: quantile(churn, 0.5) },
        { figure: "churn p99", value: quantile(churn, 0.99) },
      ];
    });
  },
};

function timed(act: () => void): number {
  const since = performance.now();
  act();
  return performance.now() - since;
}
