import { describe, expect, test } from "vitest";
import { availableEngines, engineKinds } from "./available-engines.ts";
import { run, shell, startGuest } from "./guest-fixture.ts";

const engines = await availableEngines();

describe.each(engineKinds)("a Linux guest in the engine %s", (kind) => {
  const engine = engines.get(kind);

  test.skipIf(engine === undefined)("is a Linux with the same admin, and powers itself off", async () => {
    if (engine === undefined) return;
    await using started = await startGuest(engine, { os: "linux" });
    const { guest, spec } = started;
    const said = async (line: string): Promise<string> => (await shell(guest, line)).stdout.trim();
    expect(await said("uname -s; whoami; hostname; sudo -n whoami")).toBe(
      `Linux\nadmin\n${spec.name}\nadmin`,
    );
    expect(await said("cd && pwd; echo $HOME")).toMatch(/^(.*\/home\/admin)\n\1$/);
    expect((await run(guest, ["sw_vers"])).exit.kind).toBe("not_found");
    expect(await said("gitlab-runner --version; ls ~/actions-runner/run.sh")).toMatch(
      /tart-sim\)\n.*run\.sh$/,
    );
    const login = await run(guest, ["/bin/sh", "-lc", "command -v sudo"]);
    expect(login.stdout).toMatch(/\.sim\/system\/any\/bin\/sudo\n$/);
    await guest.startSshd();
    void shell(guest, "sudo poweroff");
    await guest.poweredOff;
  });
});
