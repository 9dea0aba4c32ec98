import * as fc from "fast-check";
import { expect, test } from "vitest";
import { mayTake } from "@tartfleet/ci-sim/azure";
import { ownCapabilities, satisfies } from "../../../src/domain/azure/demands.ts";
import { jobsOfVms, waitingRequests } from "../../../src/domain/azure/queue.ts";

const own = { ...ownCapabilities("macos"), xcode: "16.2", Fastlane: "" };

test.each([
  [[], true],
  [["XCODE"], true],
  [["xcode -equals 16.2", "agent.os -equals darwin"], true],
  [["xcode -equals 16"], false],
  [["xcode -gtVersion 16.10"], false],
  [["xcode -gtVersion 9.9"], true],
  [["fastlane"], true],
  [["Agent.Version -gtVersion 4.300.1"], true],
  [["Agent.Name -equals my-mac"], false],
  [["gpu"], false],
])("demands %j are satisfied: %s", (demands, expected) => {
  expect(satisfies(own, demands)).toBe(expected);
});

test("what the definition takes an agent with its capabilities may take, and the other way round", () => {
  const name = fc.constantFrom("xcode", "XCODE", "gpu");
  const demand = fc.tuple(
    name,
    fc.constantFrom("", " -equals 16.2", " -equals 16", " -gtVersion 16.1", " -gtVersion 17"),
  );
  fc.assert(
    fc.property(
      fc.array(
        demand.map((words) => words.join("")),
        { maxLength: 4 },
      ),
      (demands) => {
        expect(satisfies(own, demands)).toBe(mayTake(own, demands));
      },
    ),
  );
});

test("each waiting job is counted once, whatever definitions could take it", () => {
  const offers = [
    { name: "new", capabilities: { xcode: "16" } },
    { name: "any", capabilities: {} },
  ];
  const request = fc.record({
    requestId: fc.integer(),
    demands: fc.constantFrom([], ["xcode"], ["gpu"]),
    agent: fc.option(fc.constant("ios-abcd-0123456789abcdef"), { nil: undefined }),
    isOver: fc.boolean(),
    finishedAt: fc.constant(undefined),
  });
  fc.assert(
    fc.property(fc.array(request), (requests) => {
      const counted = [...waitingRequests(requests, offers).values()].reduce((a, b) => a + b, 0);
      const free = requests.filter(({ agent, isOver, demands }) => !isOver && !agent && demands[0] !== "gpu");
      expect(counted).toBe(free.length);
      const job = jobsOfVms(requests).get("0123456789abcdef");
      const theirs = requests.filter(({ agent }) => agent !== undefined);
      expect(job?.state).toBe(
        theirs.length === 0 ? undefined : theirs.every(({ isOver }) => isOver) ? "done" : "running",
      );
    }),
  );
});
