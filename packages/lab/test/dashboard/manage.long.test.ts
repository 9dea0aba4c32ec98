import { once } from "node:events";
import { createServer } from "node:http";
import { describe, expect, onTestFinished, test } from "vitest";
import { DESKTOP, expectAccessible, noBrowser, PHONE, useBrowser } from "../support/browser.ts";
import { IMAGE } from "../support/lab.ts";
import { useLab } from "../support/use-lab.ts";

describe.skipIf(noBrowser)(`what admins do in the dashboard${noBrowser ? ` (${noBrowser})` : ""}`, () => {
  const lab = useLab({ controlPlane: { "webhook-allow-private": true } });
  const browser = useBrowser();

  test("a token is made, shown once, does what its role may, and stops at once when it is revoked", async () => {
    const { fleet } = lab;
    const page = await browser.signedIn(fleet, "/tokens");
    await page.getByRole("button", { name: "New token" }).click();
    await page.getByRole("dialog").getByLabel(/^Name/).fill("wall");
    await page.getByRole("button", { name: "Make it" }).click();
    const secret = page.getByRole("dialog").getByText(/^tartfleet_/);
    const token = (await secret.textContent()) ?? "";
    await expectAccessible(page);
    await page.getByRole("button", { name: "I have it" }).click();
    await secret.waitFor({ state: "detached" });
    expect(await page.content()).not.toContain(token);
    const row = page.getByRole("row", { name: /^wall/ });
    await row.getByText("valid").waitFor();

    const wall = await browser.signedIn(fleet, "/images", { ...DESKTOP, token });
    await wall.getByRole("heading", { name: "Pre-pulls and pins" }).waitFor();
    for (const name of ["Make room", "New channel", "Pre-pull or pin"])
      expect(await wall.getByRole("button", { name }).count(), name).toBe(0);
    for (const name of ["Tokens", "Audit"])
      expect(await wall.getByRole("link", { name }).count(), name).toBe(0);

    await row.getByRole("button", { name: "Revoke wall" }).click();
    await page.getByRole("button", { name: "Revoke it" }).click();
    await row.waitFor({ state: "detached" });
    await wall.getByText("You were signed out").waitFor();
    await page.getByRole("switch", { name: "Also 1 token that does not work any more" }).click();
    await row.getByText("revoked").waitFor();
  });

  test("the log is live, marks what was refused, and is narrowed by a click", async () => {
    const { fleet } = lab;
    const { token } = await fleet.api.createToken({ role: "viewer", name: "nosy" });
    const page = await browser.signedIn(fleet, "/audit");
    await page
      .getByRole("row", { name: /token\.create/ })
      .first()
      .waitFor();
    await fetch(`${fleet.url()}/v1/tokens`, { headers: { authorization: `Bearer ${token}` } });
    const refused = page.getByRole("row", { name: /token nosy .*token\.manage.*refused/ });
    await refused.waitFor();
    await expectAccessible(page);
    await refused.getByRole("link", { name: "token.manage" }).click();
    await page
      .getByRole("row", { name: /token\.create/ })
      .first()
      .waitFor({ state: "detached" });
    expect(new URL(page.url()).searchParams.get("action")).toBe("token.manage");
    await page.reload();
    await refused.waitFor();
    expect(await page.getByRole("row").count()).toBe(2);
    await page.getByRole("button", { name: "Show all" }).click();
    await page
      .getByRole("row", { name: /token\.create/ })
      .first()
      .waitFor();
  });

  test("a team's share is set, with what is wrong said by field, and taken away", async () => {
    const { fleet } = lab;
    const page = await browser.signedIn(fleet, "/teams");
    await page.getByRole("button", { name: "Set a team’s share" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel(/^Team/).fill("red");
    await dialog.getByLabel(/^Guaranteed/).fill("3");
    await dialog.getByLabel(/^Cap/).fill("1");
    await dialog.getByRole("button", { name: "Set it" }).click();
    await dialog.getByText("must be at least what is guaranteed").waitFor();
    await dialog.getByLabel(/^Cap/).fill("4");
    await dialog.getByRole("button", { name: "Set it" }).click();
    await dialog.waitFor({ state: "detached" });
    const row = page.getByRole("row", { name: /^red/ });
    await row.waitFor();
    expect(await fleet.api.team("red")).toMatchObject({ guaranteed: 3, cap: 4, weight: 1, isSet: true });
    await expectAccessible(page);
    await row.getByRole("button", { name: "Remove the share of team red" }).click();
    await page.getByRole("button", { name: "Take it away" }).click();
    await row.waitFor({ state: "detached" });
    expect((await fleet.api.team("red")).isSet).toBe(false);
  });

  test("a pool is made with a schedule, changed and removed", async () => {
    const { fleet } = lab;
    const page = await browser.signedIn(fleet, "/pools");
    await page.getByText("Nothing is kept warm").waitFor();
    await page.getByRole("button", { name: "New pool" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel(/^Name/).fill("mornings");
    await dialog.getByLabel(/^Image/).fill(IMAGE);
    await dialog.getByLabel(/^VMs kept/).fill("0");
    await dialog.getByRole("button", { name: "Not always" }).click();
    await dialog.getByText("Fri", { exact: true }).click();
    await dialog.getByLabel(/^Time zone/).fill("Europe/Berlin");
    await expectAccessible(page);
    await dialog.getByRole("button", { name: "Make it" }).click();
    const card = page.getByRole("article", { name: "Pool mornings" });
    await card.getByText("Mon–Thu 07:00–19:00").waitFor();
    await expectAccessible(page);
    await card.getByRole("button", { name: "Change pool mornings" }).click();
    await dialog.getByRole("button", { name: "Take window 1 away" }).click();
    await dialog.getByRole("button", { name: "Change it" }).click();
    await card.getByText("always").waitFor();
    expect(await fleet.api.pool("mornings")).toMatchObject({ image: IMAGE, minIdle: 0, schedule: null });
    await card.getByRole("button", { name: "Remove pool mornings" }).click();
    await page.getByRole("button", { name: "Remove it" }).click();
    await card.waitFor({ state: "detached" });
  });

  test("a webhook is made with a secret that is shown once, tried, and removed", async () => {
    let status = 204;
    const receiver = createServer((request, response) => {
      request.resume();
      response.writeHead(status).end();
    }).listen(0, "127.0.0.1");
    onTestFinished(() => void receiver.close());
    await once(receiver, "listening");
    const address = receiver.address();
    const port = typeof address === "object" ? address?.port : undefined;

    const page = await browser.signedIn(lab.fleet, "/webhooks");
    await page.getByText("Nobody is told of anything").waitFor();
    await page.getByRole("button", { name: "New webhook" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel(/^Name/).fill("ops");
    await dialog.getByLabel(/^URL/).fill(`http://127.0.0.1:${port}/a-secret-path`);
    await dialog
      .getByLabel(/^Hears of/)
      .first()
      .fill("vm.failed");
    await page.getByRole("option", { name: "vm.failed" }).click();
    await page.keyboard.press("Tab");
    await dialog.getByRole("button", { name: "Make it" }).click();
    await dialog.getByText(/^whsec_/).waitFor();
    await expectAccessible(page);
    await page.getByRole("button", { name: "I have it" }).click();
    const row = page.getByRole("row", { name: /^ops/ });
    await row.getByText("vm.failed").waitFor();
    expect(await page.content()).not.toMatch(/whsec_|a-secret-path/);

    await row.getByRole("button", { name: "Test ops" }).click();
    await page.getByText(/^ops took a ping/).waitFor();
    status = 500;
    await row.getByRole("button", { name: "Test ops" }).click();
    await page.getByText(/^ops did not take a ping: .*500/).waitFor();
    await row.getByRole("button", { name: "Disable ops" }).click();
    await page.getByRole("button", { name: "Disable it" }).click();
    await row.getByText("disabled", { exact: true }).waitFor();
    await row.getByRole("button", { name: "Remove ops" }).click();
    await page.getByRole("button", { name: "Remove it" }).click();
    await row.waitFor({ state: "detached" });
  });

  test.each(["/images", "/pools", "/teams", "/webhooks", "/tokens", "/audit"])(
    "%s can be used on a phone and in the dark",
    async (path) => {
      const page = await browser.signedIn(lab.fleet, path, { ...PHONE, colorScheme: "dark" });
      await page.getByRole("heading", { level: 1 }).waitFor();
      await page.getByLabel("Loading").first().waitFor({ state: "detached" });
      await expectAccessible(page);
      // Nothing sticks out to the side.
      const width = await page.evaluate<number>("document.documentElement.scrollWidth");
      expect(width).toBeLessThanOrEqual(PHONE.viewport.width);
    },
  );
});
