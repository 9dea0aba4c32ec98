import { chmod, readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runUpgrade } from "../../src/upgrade/command.ts";
import { publisher } from "../upgrade/releases.ts";
import { testMac } from "./support.ts";

test("a Mac that was installed can be upgraded, installed again as it is, and uninstalled without a trace", async () => {
  await using mac = await testMac();
  await using releases = await publisher();
  // The new version is tried as the agent's user, who must get there.
  await chmod(mac.dir, 0o711);
  mac.set({ sessions: [] });
  const before = await mac.everything();
  const choice = ["--url", "https://127.0.0.1:1", "--allowed-signers", releases.installed.allowedSigners];
  await mac.install(...choice);

  const env = { PATH: await mac.bin() };
  const upgrade = (...argv: string[]) =>
    runUpgrade({ argv: ["--root", mac.root, ...argv], env, version: "1.2.3", say: () => undefined });
  await releases.publish("1.3.0");
  expect(await upgrade(releases.out)).toMatchObject({
    text: expect.stringMatching(/^1\.3\.0 is in place\./),
  });
  const lib = join(mac.root, "usr/local/lib/tartfleet");
  expect(await readlink(join(lib, "current"))).toBe("versions/1.3.0");

  // As by the program that was installed, which is part of the new bundle. There is no going back after that.
  const again = ["--bundle", join(lib, "versions/1.3.0")];
  expect(await mac.install(...choice, ...again)).toContain(
    "versions/1.2.3: as it was before\n\n1 change made.",
  );
  expect(await mac.install(...choice, ...again)).toMatch(/^Nothing to change/);
  await expect(upgrade("--back")).rejects.toThrow("there is no version to go back to from 1.3.0");
  await releases.publish("1.4.0");
  await upgrade(releases.archive("1.4.0"));
  expect(await readdir(join(lib, "versions"))).toEqual(["1.3.0", "1.3.0.sha256", "1.4.0", "1.4.0.sha256"]);

  expect(await mac.uninstall()).toContain("Nothing of tartfleet is left.");
  expect(await mac.everything()).toEqual(before);
});
