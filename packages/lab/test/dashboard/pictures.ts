/**
 * Takes the pictures of docs/pictures anew, of the dashboard as it is built:
 *   pnpm exec turbo run build --filter=@tartfleet/dashboard && node packages/lab/test/dashboard/pictures.ts
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { BrowserContextOptions } from "playwright-core";
import { DESKTOP, noBrowser, PHONE, startChromium } from "../support/browser.ts";
import { startLab } from "../support/lab.ts";
import { BROKEN, endAll, faultyFleet, LOST, seedFaults } from "../support/seeded-faults.ts";

const FOLDER = fileURLToPath(new URL("../../../../docs/pictures", import.meta.url));

if (noBrowser !== undefined) throw new Error(noBrowser);
const fleet = await startLab(faultyFleet(6));
try {
  await fleet.api.setPool("morning", { image: "registry.example.com/macos/ios:latest", minIdle: 1 });
  await seedFaults(fleet);
  await fleet.api.drainHost("mac-6", { reason: "macOS 26.2" });
  const [lost] = await fleet.api.listVms({ name: LOST });
  const pictures: [string, string, BrowserContextOptions][] = [
    ["fleet", "/", { ...DESKTOP, colorScheme: "light" }],
    ["fleet-dark", "/", { ...DESKTOP, colorScheme: "dark" }],
    ["fleet-phone", "/", { ...PHONE, colorScheme: "dark" }],
    ["vm", `/vms/${lost?.id}`, { ...DESKTOP, colorScheme: "light" }],
    ["queue", "/queue", { ...DESKTOP, colorScheme: "light" }],
    ["host", `/hosts/${BROKEN}`, { ...DESKTOP, colorScheme: "light" }],
    ["images", "/images", { ...DESKTOP, colorScheme: "light" }],
  ];
  const browser = await startChromium();
  await mkdir(FOLDER, { recursive: true });
  for (const [name, path, options] of pictures) {
    const context = await browser.newContext({ reducedMotion: "reduce", ...options });
    const page = await context.newPage();
    await page.request.post(`${fleet.url()}/session`, { data: { token: fleet.adminToken } });
    await page.goto(`${fleet.url()}${path}`);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.waitForLoadState("networkidle");
    await page.screenshot({ path: join(FOLDER, `${name}.png`) });
    await context.close();
  }
  await browser.close();
  await fleet.api.removePool("morning");
  await endAll(fleet);
} finally {
  await fleet.stop();
}
