import { afterAll, beforeAll, describe, test } from "vitest";
import { until } from "../../src/fleet/until.ts";
import { noBrowser, useBrowser } from "../support/browser.ts";
import { inState, scriptVm, simOf, UNTIL_LET_GO } from "../support/lab.ts";
import { useLab } from "../support/use-lab.ts";

const SOUND = "registry.example.com/macos/sound:latest";
const HUGE = "registry.example.com/macos/huge:latest";
const MISSING = "registry.example.com/macos/missing:latest";
const MACS = [1, 2, 3];
const BROKEN = "mac-1";

/**
 * A person who has never seen the project and has nothing but a viewer's token and the dashboard: they begin at `/`
 * and follow what they see.
 */
describe.skipIf(noBrowser)(
  `with the dashboard alone, somebody finds${noBrowser ? ` (${noBrowser})` : ""}`,
  () => {
    // Pulls take a time that shows, also at this speed.
    const lab = useLab({
      hosts: MACS.length,
      sim: () => ({
        images: [
          { name: SOUND.replace(":latest", ""), compressedGB: 0.1 },
          { name: HUGE.replace(":latest", ""), compressedGB: 700 },
        ],
        cached: [],
      }),
      agent: (index) => ({ label: `number=${index + 1}` }),
      controlPlane: { "breaker-rest-seconds": 3600, "image-resolve-ttl-seconds": 0 },
    });
    const browser = useBrowser();
    let token: string;
    const on = (number: number) => ({ hostLabels: { number: String(number) } });
    const atStart = async () => browser.signedIn(lab.fleet, "/", { token });

    beforeAll(async () => {
      const { api, ci } = lab.fleet;
      ({ token } = await api.createToken({ role: "viewer", name: "somebody" }));
      // Every Mac brings up both images once.
      const first = await Promise.all(
        MACS.flatMap((number) =>
          [SOUND, HUGE].map((image) => ci.createVm(scriptVm("true", { image, ...on(number) }))),
        ),
      );
      await Promise.all(first.map(({ id }) => inState(lab.fleet, id, "deleted").catch(() => undefined)));
      const lost = await ci.createVm(scriptVm("true", { name: "release-build", image: MISSING, ...on(2) }));
      await until("it to fail", async () => (await api.getVm(lost.id)).state === "failed");
      // Nothing starts on one of them any more.
      simOf(lab.fleet, BROKEN).setFaults([{ action: "start-failure" }]);
      for (let n = 1; n <= 4; n += 1)
        await ci.createVm(scriptVm("true", { name: `unlucky-${n}`, image: SOUND }));
      await until("it to be closed", async () => {
        if ((await api.host(BROKEN)).cordon !== null) return true;
        await ci.createVm(scriptVm("true", { image: SOUND, ...on(1) }));
        return undefined;
      });
      // The others are full, and more is wanted.
      await until("the others to be empty", async () => (await api.capacity()).slots.busy === 0);
      for (let n = 1; n <= 6; n += 1)
        await ci.createVm(scriptVm(UNTIL_LET_GO, { name: `long-${n}`, image: SOUND }));
      await until("both to be full", async () => (await api.capacity()).slots.busy === 4);
    }, 300_000);

    afterAll(async () => {
      const { api } = lab.fleet;
      const vms = await api.listVms({ limit: "100" });
      for (const { id, endedAt } of vms) if (endedAt === null) await api.deleteVm(id);
      await until("every VM to be gone", async () => (await api.capacity()).slots.busy === 0);
    });

    test("that the fleet is full, and what those who wait wait for", async () => {
      const page = await atStart();
      const numbers = page.getByRole("region", { name: "Numbers" });
      await numbers.getByText("Waiting").waitFor();
      await numbers.getByRole("link", { name: /the oldest for/ }).click();
      await page.getByRole("heading", { name: "Queue" }).waitFor();
      await page
        .getByText(/must end/)
        .first()
        .waitFor();
    });

    test("the Mac on which nothing starts, and why it was closed", async () => {
      const page = await atStart();
      await page.getByRole("link", { name: /closed because VM after VM failed there/ }).click();
      await page.getByRole("heading", { name: "Hosts" }).waitFor();
      await page.getByRole("link", { name: BROKEN, exact: true }).click();
      await page
        .getByText(/start_failed/)
        .first()
        .waitFor();
      await page.getByText(/of the newest \d+ came up/).waitFor();
    });

    test("the image that takes long, and which part of it does", async () => {
      const page = await atStart();
      await page.getByRole("link", { name: "Images" }).click();
      await page.getByRole("heading", { name: "Images" }).waitFor();
      await page.getByRole("link", { name: /huge.* is slow: fetching the image takes/ }).click();
      await page.getByRole("heading", { name: /huge/ }).waitFor();
    });

    test("why a VM failed, and what is to be done", async () => {
      const page = await atStart();
      await page.getByRole("link", { name: "VMs", exact: true }).click();
      await page.getByRole("heading", { name: "VMs" }).waitFor();
      await page.getByRole("textbox", { name: "Name" }).fill("release-build");
      await page.getByRole("link", { name: "release-build" }).click();
      await page.getByRole("heading", { name: "release-build" }).waitFor();
      await page.getByText("image_not_found").first().waitFor();
      await page.getByText(MISSING).first().waitFor();
    });
  },
);
