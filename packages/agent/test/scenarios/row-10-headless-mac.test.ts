import { describe, expect, test } from "vitest";
import { examine } from "../../src/doctor/examine.ts";
import { onStage } from "../process/stage.ts";
import { assignment } from "../support/assignments.ts";
import { makeFakeMacos, UNSET } from "../support/fake-macos.ts";
import { until } from "../support/until.ts";
import { MACOS } from "../tart/sim-mac.ts";

const LOCKED = 'echo "security: SecKeychainCopySettings: User interaction is not allowed." >&2; exit 36';

describe("peers §4 row 10: a Mac without a screen, on which nobody is logged in", () => {
  test("the doctor names all that a headless Mac lacks, each with its cure", async () => {
    await using mac = await makeFakeMacos();
    await mac.answers("launchctl", 'echo "Domain does not support specified action" >&2; exit 125');
    await mac.answers("security", LOCKED);
    await mac.answers("defaults", UNSET);
    await mac.answers("pmset", 'printf " sleep 1\\n displaysleep 10\\n autorestart 0\\n"');
    const look = async () => {
      const found = await examine({ ...mac.patient, uid: 501 }, new AbortController().signal);
      return Object.fromEntries(found.map(({ code, state, cure }) => [code, { state, cure }]));
    };
    expect(await look()).toMatchObject({
      gui_session: { state: "warning", cure: expect.stringContaining("sysadminctl -autologin set") },
      keychain: { state: "error", cure: "security unlock-keychain login.keychain" },
      auto_login: { state: "warning", cure: expect.stringContaining("sysadminctl -autologin set") },
      sleep: { state: "error", cure: "sudo pmset -a sleep 0 disksleep 0 displaysleep 0" },
    });
    await mac.answers("fdesetup", 'echo "FileVault is On."');
    expect((await look())["auto_login"]).toEqual({ state: "warning", cure: "sudo fdesetup disable" });
  });

  test("a VM that does not start for it says so, and the host's record says it before the next one is tried", async () => {
    await using macos = await makeFakeMacos();
    await macos.answers("security", LOCKED);
    await onStage({ host: { keychain: "locked" } }, async (stage) => {
      stage.plane.want(assignment(1, { image: MACOS }));
      stage.agent([], { PATH: `${macos.bin}:${stage.mac.env["PATH"]}` });
      const failure = () => stage.plane.reports.find((report) => report.kind === "failed");
      await until("the failure", () => failure() !== undefined);
      expect(failure()).toMatchObject({
        phase: "booting",
        error: {
          code: "start_failed",
          message: expect.stringMatching(/no GUI session or .*keychain is locked/),
        },
      });
      const found = () => (stage.plane.facts.at(-1) ?? stage.plane.hellos.at(-1)?.facts)?.findings;
      await until("findings", () => found() !== undefined);
      expect(found()?.find(({ code }) => code === "keychain")).toMatchObject({
        state: "error",
        message: "The login keychain is locked; macOS VMs do not start without it.",
      });
    });
  });
});
