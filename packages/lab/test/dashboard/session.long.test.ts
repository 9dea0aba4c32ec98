import { describe, expect, test } from "vitest";
import { DESKTOP, noBrowser, useBrowser } from "../support/browser.ts";
import { IMAGE } from "../support/lab.ts";
import { useLab } from "../support/use-lab.ts";

describe.skipIf(noBrowser)(`a session in a browser${noBrowser ? ` (${noBrowser})` : ""}`, () => {
  const lab = useLab({ hosts: 1 });
  const browser = useBrowser({ mayLose: true });

  test("ends with its token, says so, and another token leads back to where one was", async () => {
    const { fleet } = lab;
    const { id, token } = await fleet.api.createToken({ role: "viewer", name: "short-lived" });
    const page = await browser.signedIn(fleet, "/vms?team=default", { ...DESKTOP, token });
    await page.getByRole("heading", { name: "VMs" }).waitFor();
    await fleet.api.revokeToken(id);
    await page.getByText("You were signed out").waitFor();
    await page.getByRole("textbox", { name: "Token" }).fill(fleet.adminToken);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "VMs" }).waitFor();
    expect(new URL(page.url()).search).toBe("?team=default");
  });

  test("outlives the control plane's restart: it says that it is lost, and what is shown is live again", async () => {
    const { fleet } = lab;
    const page = await browser.signedIn(fleet);
    await page.getByText(/slots on 1 Mac/).waitFor();
    await fleet.controlPlane.kill("SIGKILL");
    await page.getByText("The connection to the control plane is lost").waitFor();
    await fleet.controlPlane.start();
    await page.getByText("The connection to the control plane is lost").waitFor({ state: "detached" });
    const { id } = await fleet.ci.createVm({ image: IMAGE, name: "after" });
    await page.getByRole("gridcell", { name: /after/ }).waitFor();
    await fleet.api.deleteVm(id);
    await page.getByRole("gridcell", { name: /after/ }).waitFor({ state: "detached" });
  });

  test("with a team's token shows of others no more than that slots are taken", async () => {
    const { fleet } = lab;
    const { id } = await fleet.ci.createVm({ image: IMAGE, name: "secret-work" });
    const { token } = await fleet.api.createToken({ role: "viewer", name: "red", team: "red" });
    const page = await browser.signedIn(fleet, "/", { ...DESKTOP, token });
    await page.getByRole("link", { name: "1 busy" }).waitFor();
    expect(await page.getByText("secret-work").count()).toBe(0);
    expect(await page.getByRole("link", { name: "Tokens" }).count()).toBe(0);
    await fleet.api.deleteVm(id);
    await fleet.api.waitForVm(id, "ended");
  });
});
