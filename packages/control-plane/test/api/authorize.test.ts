import { CallError } from "@tartfleet/shared";
import { describe, expect, it } from "vitest";
import { authorize, RULES } from "../../src/api/authorize.ts";
import type { Action, Speaker } from "../../src/api/authorize.ts";
import type { Principal } from "../../src/engine/use-cases.ts";
import { callerOf } from "../support/fleet.ts";

const OWN = "ownvmownvmownvm0";
const OTHER = "othervmothervm00";

const token = (role: "admin" | "ci" | "viewer" | "host-enrolment"): Principal => ({
  kind: "token",
  tokenId: "t",
  role,
  name: "n",
  team: null,
});
const SPEAKERS: Record<Speaker, Principal> = {
  admin: token("admin"),
  ci: token("ci"),
  viewer: token("viewer"),
  "host-enrolment": token("host-enrolment"),
  host: { kind: "host", hostId: 1, hostName: "mac-1" },
  vm: { kind: "vm", vmId: OWN, attempt: 1 },
};

/** What each may do, said once more in another way: all that is not here must be refused. */
const MAY: Record<Speaker, string[]> = {
  admin: [
    "vm.create",
    "vm.read",
    "vm.end",
    "vm.enter",
    "vm.hold",
    "vm.logs",
    "host.read",
    "host.enrol",
    "host.revoke",
    "host.manage",
    "fleet.watch",
    "capacity.read",
    "metrics.read",
    "image.read",
    "team.read",
    "team.manage",
    "channel.read",
    "channel.manage",
    "image.manage",
    "pool.read",
    "pool.manage",
    "token.manage",
    "history.read",
    "webhook.read",
    "webhook.manage",
    "report.read",
    "audit.read",
  ],
  ci: [
    "vm.create",
    "vm.read",
    "vm.end",
    "vm.enter",
    "vm.hold",
    "vm.logs",
    "host.read",
    "fleet.watch",
    "capacity.read",
    "image.read",
    "team.read",
    "channel.read",
    "pool.read",
  ],
  viewer: [
    "vm.read",
    "vm.logs",
    "host.read",
    "fleet.watch",
    "capacity.read",
    "metrics.read",
    "image.read",
    "team.read",
    "channel.read",
    "pool.read",
    "history.read",
    "report.read",
  ],
  "host-enrolment": ["host.enrol"],
  host: ["agent.speak"],
  vm: ["vm.end on its own", "vm.tell on its own"],
};

const speakers = Object.keys(SPEAKERS) as Speaker[];
const actions = Object.keys(RULES) as Action[];
const targets = [undefined, OWN, OTHER];
const product = speakers.flatMap((speaker) =>
  actions.flatMap((action) => targets.map((target) => ({ speaker, action, target }))),
);

describe("who may do what", () => {
  it.each(product)("$speaker: $action on $target", ({ speaker, action, target }) => {
    const may =
      MAY[speaker].includes(action) || (target === OWN && MAY[speaker].includes(`${action} on its own`));
    const noted: unknown[] = [];
    const noteRefusal = (...refusal: unknown[]) => void noted.push(refusal);
    const caller = callerOf(SPEAKERS[speaker]);
    const attempt = () => authorize({ noteRefusal }, caller, action, target);
    if (may) expect(attempt).not.toThrow();
    else expect(attempt).toThrow(expect.objectContaining({ code: "forbidden" }));
    expect(noted).toEqual(may ? [] : [[caller, action, expect.any(String), "forbidden"]]);
  });

  it("walks every rule", () => {
    const mentioned = new Set(Object.values(MAY).flatMap((list) => list.map((entry) => entry.split(" ")[0])));
    expect(mentioned).toEqual(new Set<string | undefined>(actions));
  });

  it("says the same of a VM that exists and of one that does not", () => {
    const refusal = (id: string) => {
      try {
        authorize({ noteRefusal: () => {} }, callerOf(SPEAKERS.vm), "vm.end", id);
      } catch (error) {
        return error instanceof CallError ? error.message : error;
      }
      return undefined;
    };
    expect(refusal(OTHER)).toBe(refusal("nosuchvm"));
  });
});
