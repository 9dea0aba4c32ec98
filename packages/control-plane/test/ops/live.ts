import { setPoolSchema } from "@tartfleet/shared";
import { samplesOf } from "../support/exposition.ts";
import { startPlane } from "../helpers/plane.ts";
import { ANA, IMAGE, MINUTE, startWorld } from "./world.ts";

/** The labels that every series has whose target was scraped. */
const OF_TARGET = { job: "tartfleet", instance: "fleet:7337" };

/** By the metric's name its series: their labels. */
type Live = Map<string, Record<string, string>[]>;

/** What `/metrics` shows of a fleet in which a bit of everything has happened, and of an HTTP face. */
export async function liveMetrics(): Promise<Live> {
  const world = await startWorld();
  const { useCases } = world.fleet;
  await world.job();
  await world.job("hook_only");
  await useCases.setPool(ANA, "xcode", setPoolSchema.parse({ image: IMAGE, minIdle: 1 }));
  for (let n = 0; n < 2; n += 1) await world.failure(IMAGE, "mac-2");
  const findings = [
    { code: "dhcp_leases", state: "error" as const, message: "full", cure: "rm", value: 240 },
  ];
  await world.tell("mac-2", { findings, foreign: [{ name: "mine", os: "macos", running: true }] });
  await useCases.cordonHost(ANA, "mac-1", { reason: "os upgrade" });
  await world.fleet.create({ hostLabels: { xcode: "99" }, allowPending: true });
  await world.pass(MINUTE);
  const plane = await startPlane();
  await plane.call("GET", "/v1/vms", { token: plane.tokens.viewer });
  const answer = await plane.call("GET", "/metrics", { token: plane.tokens.viewer });
  await plane.close();
  world.close();
  return liveOf([...world.scrapes.names(), ...samplesOf(answer.text).keys()]);
}

function liveOf(series: readonly string[]): Live {
  const live: Live = new Map();
  for (const name of series) {
    const [, metric = "", labels = ""] = /^([^{]+)(?:\{(.*)\})?$/s.exec(name) ?? [];
    const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key = "", value = ""]) => [
      key,
      value,
    ]);
    live.set(metric, [...(live.get(metric) ?? []), { ...OF_TARGET, ...Object.fromEntries(pairs) }]);
  }
  return live;
}
