import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { expectAccessible, noBrowser, PHONE, useBrowser } from "../support/browser.ts";
import { inState, letGo, scriptVm, UNTIL_LET_GO } from "../support/lab.ts";
import { useLab } from "../support/use-lab.ts";

/** A minute is written down when it is over. */
const A_MINUTE_MS = 90_000;

describe.skipIf(noBrowser)(`the dashboard's past${noBrowser ? ` (${noBrowser})` : ""}`, () => {
  const lab = useLab({ hosts: 1 });
  const browser = useBrowser();

  test("charts draw themselves when a minute is over, and tell their numbers as a table", async () => {
    const { fleet } = lab;
    const page = await browser.signedIn(fleet, "/charts");
    const { id } = await fleet.ci.createVm(scriptVm(UNTIL_LET_GO, { name: "charted" }));
    const vm = await inState(fleet, id, "ready");
    await page
      .getByRole("figure", { name: /^Slots by state\..*busy: at most (?:1|0\.)/ })
      .waitFor({ timeout: A_MINUTE_MS });
    await page.getByRole("figure", { name: /^Coming up by phase/ }).waitFor({ timeout: A_MINUTE_MS });
    await letGo(fleet, vm);
    await expectAccessible(page);
    await page.getByRole("switch", { name: /^Coming up by phase.* as a table$/ }).focus();
    await page.keyboard.press("Space");
    await page
      .getByRole("table", { name: /^Coming up by phase/ })
      .getByText("booting")
      .first()
      .waitFor();
    await expectAccessible(page);
    await page.getByText("6 hours").click();
    await page.getByRole("figure", { name: /^Slots by state/ }).waitFor();
    expect(new URL(page.url()).search).toContain("6h");
  });

  test("accounts show whose slot-minutes they were, and give them as a file", async () => {
    const { fleet } = lab;
    const page = await browser.signedIn(fleet, "/accounts");
    await page.getByRole("table", { name: "Slot-minutes" }).getByText("default").waitFor();
    await expectAccessible(page);
    const [file] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Download as CSV" }).click(),
    ]);
    const csv = await readFile(await file.path(), "utf8");
    expect(csv).toMatch(/^team,slot_minutes,.*\r\ndefault,[0-9.]+,/);
    await page.getByRole("combobox", { name: "Lines by" }).click();
    await page.getByRole("option", { name: "By host" }).click();
    await page
      .getByRole("table", { name: "Slot-minutes" })
      .getByText(fleet.hosts[0]?.name ?? "")
      .waitFor();
  });

  test.each(["/charts", "/accounts"])("%s fits a phone", async (path) => {
    const page = await browser.signedIn(lab.fleet, path, { ...PHONE, colorScheme: "dark" });
    await page.getByRole("heading", { level: 1 }).waitFor();
    await expectAccessible(page);
    const width = await page.evaluate<number>("document.documentElement.scrollWidth");
    expect(width).toBeLessThanOrEqual(PHONE.viewport.width);
  });

  test("a token of a team sees its own waits and minutes, and no choice of what it may not", async () => {
    const { fleet } = lab;
    const { token } = await fleet.api.createToken({ role: "viewer", name: "red", team: "red" });
    const page = await browser.signedIn(fleet, "/charts", { token });
    await page.getByRole("heading", { name: /^Waiting for a slot/ }).waitFor();
    expect(await page.getByRole("heading", { name: "Slots by state" }).count()).toBe(0);
    await page.goto(`${fleet.url()}/accounts`);
    await page.getByText("No slot was used in those days").waitFor();
  });
});
