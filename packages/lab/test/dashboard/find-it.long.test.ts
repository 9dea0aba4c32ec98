import { afterAll, beforeAll, describe, test } from "vitest";
import { noBrowser, useBrowser } from "../support/browser.ts";
import { BROKEN, endAll, faultyFleet, LOST, MISSING, seedFaults } from "../support/seeded-faults.ts";
import { useLab } from "../support/use-lab.ts";

/**
 * A person who has never seen the project and has nothing but a viewer's token and the dashboard: they begin at `/`
 * and follow what they see.
 */
describe.skipIf(noBrowser)(
  `with the dashboard alone, somebody finds${noBrowser ? ` (${noBrowser})` : ""}`,
  () => {
    const lab = useLab(faultyFleet(3));
    const browser = useBrowser();
    let token: string;
    const atStart = async () => browser.signedIn(lab.fleet, "/", { token });

    beforeAll(async () => {
      ({ token } = await lab.fleet.api.createToken({ role: "viewer", name: "somebody" }));
      await seedFaults(lab.fleet);
    }, 300_000);
    afterAll(() => endAll(lab.fleet));

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
      await page.getByRole("link", { name: /everything.* is slow: fetching the image takes/ }).click();
      await page.getByRole("heading", { name: /everything/ }).waitFor();
    });

    test("why a VM failed, and what is to be done", async () => {
      const page = await atStart();
      await page.getByRole("link", { name: "VMs", exact: true }).click();
      await page.getByRole("heading", { name: "VMs" }).waitFor();
      await page.getByRole("textbox", { name: "Name" }).fill(LOST);
      await page.getByRole("link", { name: LOST }).click();
      await page.getByRole("heading", { name: LOST }).waitFor();
      await page.getByText("image_not_found").first().waitFor();
      await page.getByText(MISSING).first().waitFor();
    });
  },
);
