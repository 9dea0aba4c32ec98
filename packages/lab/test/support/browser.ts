import { existsSync } from "node:fs";
import { AxeBuilder } from "@axe-core/playwright";
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import type { Fleet } from "../../src/fleet/fleet.ts";

/** Debian's own. */
const CHROMIUM = "/usr/bin/chromium";
export const startChromium = (): Promise<Browser> =>
  chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
const DASHBOARD = new URL("../../../dashboard/dist/index.html", import.meta.url);

/** Why nothing can be shown here; undefined when it can. `npm run test:long` builds the dashboard before. */
export const noBrowser = !existsSync(CHROMIUM)
  ? `${CHROMIUM} is not there; scripts/install-lab-packages.sh installs it`
  : existsSync(DASHBOARD)
    ? undefined
    : "the dashboard was not built: pnpm exec turbo run build --filter=@tartfleet/dashboard";

/** How a page is looked at. */
export const DESKTOP = { viewport: { width: 1280, height: 900 } } as const;
export const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true } as const;

/** What a browser says by itself when nobody answers. */
const LOST = /ERR_CONNECTION|WebSocket connection/;

/**
 * A browser for all tests of a file. What a page throws, or logs as an error, fails the test that it happened in.
 *
 * @param mayLose the control plane may be away, which browsers log as an error
 */
export function useBrowser({ mayLose = false } = {}) {
  let browser: Browser | undefined;
  const mistakes: string[] = [];

  beforeAll(async () => {
    browser = await startChromium();
  });
  afterEach(async () => {
    await Promise.all(browser?.contexts().map((context) => context.close()) ?? []);
    expect(mistakes.splice(0)).toEqual([]);
  });
  afterAll(() => browser?.close());

  async function open(options: BrowserContextOptions): Promise<Page> {
    if (!browser) throw new Error("the browser is there only while tests run");
    const context = await browser.newContext({ reducedMotion: "reduce", ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    page.on("pageerror", ({ message }) => void mistakes.push(message));
    page.on("console", (said) => {
      // Who is not signed in asks once who they are; what else is refused, the page itself tells.
      const isExpected = /status of 4\d\d/.test(said.text()) || (mayLose && LOST.test(said.text()));
      if (said.type() === "error" && !isExpected) mistakes.push(said.text());
    });
    return page;
  }

  return {
    /** A page at that path, of nobody who is signed in. */
    async visit(fleet: Fleet, path = "/", options: BrowserContextOptions = DESKTOP): Promise<Page> {
      const page = await open(options);
      await page.goto(`${fleet.url()}${path}`);
      return page;
    },

    /** The same, of somebody who has signed in with that token; by default an admin's. */
    async signedIn(
      fleet: Fleet,
      path = "/",
      {
        token = fleet.adminToken,
        ...options
      }: BrowserContextOptions & { token?: string | undefined } = DESKTOP,
    ): Promise<Page> {
      const page = await open(options);
      // As the form does, which has a test of its own; the cookie is the context's from now on.
      const answer = await page.request.post(`${fleet.url()}/session`, { data: { token } });
      expect(answer.status()).toBe(204);
      await page.goto(`${fleet.url()}${path}`);
      return page;
    },
  };
}

/** What keeps people with a keyboard, a screen reader or weak eyes from using the page (WCAG 2.2 A and AA). */
export async function expectAccessible(page: Page): Promise<void> {
  // What is still fading in is fainter than it will be.
  await page.evaluate(
    "Promise.all(document.getAnimations().filter(({ effect }) => effect.getComputedTiming().endTime !== Infinity).map(({ finished }) => finished.catch(() => {})))",
  );
  const { violations } = await new AxeBuilder({ page })
    .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"])
    .analyze();
  const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`);
  expect(told).toEqual([]);
}
