import { join } from "node:path";
import { expect, test } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { seeAgent } from "../../src/upgrade/running-agent.ts";
import { onStage } from "../process/stage.ts";
import { until } from "../support/until.ts";

test("an agent is seen from outside: who runs, what it is, and whether it is connected", () =>
  onStage({}, async (stage) => {
    const see = () => seeAgent(join(stage.dir, "data"));
    expect(await see()).toBeUndefined();
    const first = stage.agent();
    await until("connected", async () => (await see())?.isConnected === true);
    expect(await see()).toEqual({
      pid: String(first.child.pid),
      version: packageJson.version,
      isConnected: true,
    });

    stage.plane.overload = { times: 1000, retryAfter: "1" };
    stage.plane.dropConnections();
    await until("not connected", async () => (await see())?.isConnected === false);
    await first.kill("SIGKILL");
    expect(await see()).toBeUndefined();

    // What the dead one left is not taken for the word of the next.
    const second = stage.agent();
    await until("the next one", async () => (await see()) !== undefined);
    expect(await see()).toEqual({ pid: String(second.child.pid), version: undefined, isConnected: false });
    stage.plane.overload.times = 0;
    await until("connected again", async () => (await see())?.isConnected === true);
    await second.kill("SIGTERM");
    await second.exited;
    expect(await see()).toBeUndefined();
  }));
