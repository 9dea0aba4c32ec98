import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { DESKTOP, expectAccessible, noBrowser, PHONE, useBrowser } from "../support/browser.ts";
import { inState, scriptVm, simOf, UNTIL_LET_GO } from "../support/lab.ts";
import { useLab } from "../support/use-lab.ts";

const chapter = (page: Page, name: RegExp) => page.getByRole("region", { name });

describe.skipIf(noBrowser)(`the page of a VM${noBrowser ? ` (${noBrowser})` : ""}`, () => {
  const lab = useLab({ hosts: 2 });
  const browser = useBrowser();

  test("shows its life while it is lived, and ends it after saying what that means", async () => {
    const { fleet } = lab;
    const page = await browser.signedIn(fleet, "/vms");
    await page.getByText("No VM fits").waitFor();
    const { id } = await fleet.ci.createVm(scriptVm(`echo hello; ${UNTIL_LET_GO}`, { name: "lived" }));
    // The list is told of it without being asked.
    await page.getByRole("link", { name: "lived" }).click();
    await page.getByRole("heading", { name: "lived", level: 1 }).waitFor();
    await inState(fleet, id, "ready");
    await chapter(page, /Attempt 1/)
      .getByText("booting", { exact: true })
      .waitFor();
    await chapter(page, /Ran/).getByText("ready", { exact: true }).waitFor();
    await page.getByText("The runner was started.").waitFor();
    await expectAccessible(page);

    await page.getByRole("button", { name: "End VM" }).click();
    const dialog = page.getByRole("dialog", { name: "End lived?" });
    await dialog.getByText(/Its script runs. It is cut off/).waitFor();
    await expectAccessible(page);
    await dialog.getByRole("button", { name: "End it all the same" }).click();
    await page.getByText("Ended: client").waitFor();
    expect(await fleet.api.getVm(id)).toMatchObject({ state: "deleted", end: { reason: "client" } });
    expect(await page.getByRole("button", { name: "End VM" }).count()).toBe(0);
  });

  test("says why an attempt failed, with what was seen there, also on a phone", async () => {
    const { fleet } = lab;
    for (const name of ["mac-1", "mac-2"]) simOf(fleet, name).setFaults([{ action: "start-failure" }]);
    const { id } = await fleet.ci.createVm(scriptVm("true", { name: "unlucky" }));
    await fleet.api.waitForVm(id, "ended");
    for (const name of ["mac-1", "mac-2"]) simOf(fleet, name).setFaults([]);
    const page = await browser.signedIn(fleet, `/vms/${id}`, PHONE);
    await page.getByText("Ended: start_failed").waitFor();
    const attempt = chapter(page, /Attempt 1/);
    await attempt.getByText("start_failed", { exact: true }).waitFor();
    await attempt.getByText(/The virtual machine failed to start/).waitFor();
    await expectAccessible(page);
    const width = await page.evaluate<number>("document.documentElement.scrollWidth");
    expect(width).toBeLessThanOrEqual(PHONE.viewport.width);
  });

  test("that waits tells why, and a viewer may look and not touch", async () => {
    const { fleet } = lab;
    for (const name of ["mac-1", "mac-2"]) {
      await fleet.api.drainHost(name, { reason: "moved to another rack" });
    }
    const { id } = await fleet.ci.createVm(scriptVm("true", { name: "patient" }));
    const { token } = await fleet.api.createToken({ role: "viewer", name: "somebody" });
    const page = await browser.signedIn(fleet, "/queue", { ...DESKTOP, token });
    await page.getByRole("link", { name: "patient" }).click();
    await page.getByRole("button", { name: "Why?" }).click();
    await page
      .getByText(/moved to another rack|cordoned/)
      .first()
      .waitFor();
    expect(await page.getByRole("button", { name: "End VM" }).count()).toBe(0);
    await page.goto(`${fleet.url()}/hosts/mac-1`);
    await page.getByText("moved to another rack").waitFor();
    expect(await page.getByRole("button", { name: "Open it" }).count()).toBe(0);
    await fleet.api.deleteVm(id);
    for (const name of ["mac-1", "mac-2"]) await fleet.api.uncordonHost(name);
  });
});
