import { describe, expect, test } from "vitest";
import { until } from "../../src/fleet/until.ts";
import { expectAccessible, noBrowser, PHONE, useBrowser } from "../support/browser.ts";
import { IMAGE, NOT_CACHED, scriptVm } from "../support/lab.ts";
import { useLab } from "../support/use-lab.ts";

const SLOW = "registry.example.com/macos/slow:latest";
const NEXT = "registry.example.com/macos/next:latest";
const [FIRST, SECOND] = [{ "mac-1": "yes" }, { "mac-2": "yes" }];
const ENOUGH = 3;

describe.skipIf(noBrowser)(`the dashboard's images${noBrowser ? ` (${noBrowser})` : ""}`, () => {
  const lab = useLab({
    hosts: 2,
    agent: (index) => ({ label: `mac-${index + 1}=yes` }),
    sim: (index) => ({
      images: [IMAGE, SLOW, NEXT, NOT_CACHED].map((image) => ({
        name: image.replace(":latest", ""),
        compressedGB: image === NOT_CACHED ? 60 : 0.1,
      })),
      cached: [IMAGE, SLOW, NEXT],
      // Its guests take 20 s longer than the others', clearly more on a slow machine too; pulls take half a minute.
      host: { profile: index === 0 ? { pullMBps: 20 } : { agentMs: 2_000_000 } },
    }),
  });
  const browser = useBrowser();

  test("a slow image stands out, with the phase that it is slow in", async () => {
    const { fleet } = lab;
    const vms = await Promise.all(
      Array.from({ length: ENOUGH }, () => [
        fleet.ci.createVm(scriptVm("true", { hostLabels: FIRST })),
        fleet.ci.createVm(scriptVm("true", { image: SLOW, hostLabels: SECOND })),
      ]).flat(),
    );
    const page = await browser.signedIn(fleet, "/images");
    // While one looks.
    await Promise.all(vms.map(({ id }) => fleet.api.waitForVm(id, "ended")));
    const told = page.getByRole("link", { name: /^slow:latest is slow: booting takes \d+s/ });
    await told.waitFor();
    await page.getByRole("article", { name: SLOW }).getByText("slow", { exact: true }).waitFor();
    expect(await page.getByRole("article", { name: IMAGE }).getByText("slow", { exact: true }).count()).toBe(
      0,
    );
    await expectAccessible(page);
    await told.click();
    await page.getByRole("heading", { name: "slow:latest" }).waitFor();
    await page.getByText(`${ENOUGH} of the newest ${ENOUGH} came up.`).waitFor();
    await page.getByRole("link", { name: "mac-1" }).first().waitFor();
    await expectAccessible(page);
  });

  test("a pre-pull is asked for, tells its bytes, and is cancelled", async () => {
    const { fleet } = lab;
    const page = await browser.signedIn(fleet, "/images");
    await page.getByRole("button", { name: "Pre-pull or pin" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel(/^Image/).fill(NOT_CACHED);
    await dialog.getByLabel("Only on hosts with").fill("mac-1=yes");
    await page.keyboard.press("Enter");
    await dialog.getByLabel(/^Why/).fill("before the rush");
    await expectAccessible(page);
    await dialog.getByRole("button", { name: "Pre-pull it" }).click();
    await dialog.waitFor({ state: "detached" });
    await page.getByRole("progressbar", { name: "mac-1 fetches the image" }).waitFor();
    await page.getByText(/0 of 1 host have it, 1 fetches it; .* of 60.0 GB/).waitFor();
    await page.getByRole("button", { name: /^Cancel/ }).click();
    await page.getByRole("button", { name: "Cancel fetching not-cached:latest" }).click();
    await page.getByText(/^ended: /).waitFor();
  });

  test("what is not valid is said by field, and nothing is lost of what was typed", async () => {
    const page = await browser.signedIn(lab.fleet, "/images");
    await page.getByRole("button", { name: "New channel" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel(/^Name/).fill("Not A Name");
    await dialog.getByLabel(/^Image/).fill("nonsense");
    await dialog.getByRole("button", { name: "Make it" }).click();
    await dialog.getByText("must be lower-case letters").waitFor();
    await dialog.getByText("must be an OCI reference").waitFor();
    expect(await dialog.getByLabel(/^Name/).inputValue()).toBe("Not A Name");
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await dialog.waitFor({ state: "detached" });
  });

  test("a channel is made, an image rolled out to it with what speaks for it, and back", async () => {
    const { fleet } = lab;
    const page = await browser.signedIn(fleet, "/images");
    await page.getByRole("button", { name: "New channel" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel(/^Name/).fill("stable");
    await dialog.getByLabel(/^Image/).fill(IMAGE);
    await dialog.getByRole("button", { name: "Make it" }).click();
    const card = page.getByRole("article", { name: "Channel stable" });
    await card.getByRole("button", { name: "Roll out to channel stable" }).click();
    await dialog.getByLabel(/^New image/).fill(NEXT);
    await dialog.getByRole("button", { name: "Roll it out" }).click();
    await card.getByText("roll-out at 10 %").waitFor();
    const vm = await fleet.ci.createVm(scriptVm("true", { image: NEXT, hostLabels: FIRST }));
    await fleet.api.waitForVm(vm.id, "ended");
    await card.getByRole("row", { name: /new, next:latest 1 0/ }).waitFor();
    await card.getByRole("row", { name: /old, runner:latest/ }).waitFor();
    await expectAccessible(page);
    await card.getByRole("button", { name: "Roll back channel stable" }).click();
    await page.getByRole("button", { name: "Roll it back" }).click();
    await card.getByText("Rolled back").waitFor();
    expect((await fleet.api.channel("stable")).rollout).toBeNull();
  });

  test("making room says first what would go, and removes it when asked again", async () => {
    const { fleet } = lab;
    await fleet.api.setChannel("kept", { image: NEXT });
    const page = await browser.signedIn(fleet, "/images", PHONE);
    await page.getByRole("button", { name: "Make room" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel(/^Until so much/).fill("100");
    await dialog.getByLabel(/^Also images/).check();
    await dialog.getByRole("button", { name: "See what would go" }).click();
    await dialog
      .getByText(/stays: channel kept has it/)
      .first()
      .waitFor();
    const has = async () => (await fleet.api.hosts()).flatMap(({ facts }) => facts?.images ?? []);
    expect((await has()).map(({ reference }) => reference)).toContain(SLOW);
    await expectAccessible(page);
    await dialog.getByRole("button", { name: /^Remove \d+ images$/ }).click();
    await dialog.waitFor({ state: "detached" });
    await until("the slow image to be gone", async () =>
      (await has()).every(({ reference }) => reference !== SLOW) ? true : undefined,
    );
  });
});
