import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { CAUSES } from "./causes.ts";
import { hasPromtool, promtool, tryRules } from "./promtool.ts";
import { ALERTS, fileOf, RULES, runbookOf, textOf } from "./rules.ts";
import { MINUTE, startWorld } from "./world.ts";

describe.skipIf(!hasPromtool)("by promtool (Debian's package prometheus)", () => {
  test("the rules are valid", () => {
    expect(promtool("check", "rules", fileOf(ALERTS))).toMatchObject({ status: 0 });
  });

  test.each(CAUSES)(
    "$what: that alert fires, no other, and none before",
    async ({ config, happens, fires }) => {
      const world = await startWorld(config);
      await world.job();
      await world.pass(10 * MINUTE);
      const before = world.scrapes.minute();
      await happens(world);
      const after = world.scrapes.minute();
      world.close();
      expect(world.fleet.errors).toEqual([]);
      const result = tryRules(
        world.scrapes,
        new Map([
          [before, []],
          [after, fires],
        ]),
      );
      expect(result.said).toContain("SUCCESS");
      expect(result.status).toBe(0);
    },
  );
});

test("every alert has a cause that makes it fire", () => {
  const caused = CAUSES.flatMap(({ fires }) => fires.map(({ alert }) => alert));
  expect(new Set(caused)).toEqual(new Set(RULES.map(({ alert }) => alert)));
});

test("every alert has a runbook of its own, and every runbook its alert; the index names them all", () => {
  const pages = RULES.map(({ alert }) => runbookOf(alert));
  const there = readdirSync(fileOf("docs/runbooks")).map((name) => `docs/runbooks/${name}`);
  expect(new Set(there)).toEqual(new Set([...pages, "docs/runbooks/README.md"]));
  const index = textOf("docs/runbooks/README.md");
  for (const { alert, annotations } of RULES) {
    const page = runbookOf(alert);
    expect(annotations.runbook_url).toBe(
      `{{ with $externalLabels.tartfleet_runbooks }}{{ . }}/{{ end }}${page}`,
    );
    expect(textOf(page)).toMatch(new RegExp(`^# ${alert}\n`));
    expect(index).toContain(`[${alert}](${page.replace("docs/runbooks/", "")})`);
  }
});

test("pages of the dashboard that runbooks name are there", () => {
  const router = textOf("packages/dashboard/src/app/router.tsx");
  const named = RULES.flatMap(({ alert }) => {
    const [, where = ""] =
      /^To see it: the dashboard at (.*?)(?:;|\.$)/m.exec(textOf(runbookOf(alert))) ?? [];
    return [...where.matchAll(/`([^`]+)`/g)].map(([, path = ""]) => path);
  });
  expect(named.length).toBeGreaterThan(15);
  for (const path of named) {
    expect(router).toContain(`path: "${path.replace("NAME", "$name").replace("ID", "$id")}"`);
  }
});
