import { describe, expect, test } from "vitest";
import { DESKTOP, expectAccessible, noBrowser, PHONE, useBrowser } from "../support/browser.ts";
import { inState, scriptVm, UNTIL_LET_GO, letGo } from "../support/lab.ts";
import { useLab } from "../support/use-lab.ts";

describe.skipIf(noBrowser)(`the dashboard${noBrowser ? ` (${noBrowser})` : ""}`, () => {
  const lab = useLab({ hosts: 2 });
  const browser = useBrowser();

  test("signs somebody in who has a token, tells who has none why not, and signs out", async () => {
    const { fleet } = lab;
    const page = await browser.visit(fleet);
    await page.getByRole("textbox", { name: "Token" }).fill("tartfleet_nonsense");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("That token does not work").waitFor();
    await expectAccessible(page);
    await page.getByRole("textbox", { name: "Token" }).fill(fleet.adminToken);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Fleet" }).waitFor();
    await page.reload();
    await page.getByRole("heading", { name: "Fleet" }).waitFor();
    await page.getByRole("button", { name: /^Signed in with/ }).click();
    await page.getByRole("menuitem", { name: "Sign out" }).click();
    await page.getByRole("textbox", { name: "Token" }).waitFor();
  });

  test("shows the fleet as it stands, and what changes while one looks", async () => {
    const { fleet } = lab;
    const page = await browser.signedIn(fleet);
    await page.getByText("All is well").waitFor();
    await page.getByText("of 4 slots on 2 Macs").waitFor();
    const { id } = await fleet.ci.createVm(scriptVm(UNTIL_LET_GO, { name: "watched" }));
    const vm = await inState(fleet, id, "ready");
    const cell = page.getByRole("gridcell", { name: /watched/ });
    await cell.waitFor();
    await fleet.api.drainHost(vm.host ?? "", { reason: "a look at its fan" });
    await page
      .getByText(/draining/)
      .first()
      .waitFor();
    await letGo(fleet, vm);
    await cell.waitFor({ state: "detached" });
    await expectAccessible(page);
  });

  test.each([
    ["on a desktop, light", { ...DESKTOP, colorScheme: "light" }],
    ["on a desktop, dark", { ...DESKTOP, colorScheme: "dark" }],
    ["on a phone, dark", { ...PHONE, colorScheme: "dark" }],
  ] as const)("can be used by everybody %s", async (_name, options) => {
    const page = await browser.signedIn(lab.fleet, "/", options);
    await page.getByText(/slots on 2 Macs/).waitFor();
    await expectAccessible(page);
    // Nothing sticks out to the side.
    const width = await page.evaluate<number>("document.documentElement.scrollWidth");
    expect(width).toBeLessThanOrEqual(options.viewport.width);
  });
});
