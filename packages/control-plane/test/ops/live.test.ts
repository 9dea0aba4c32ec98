import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { z } from "zod";
import { liveMetrics } from "./live.ts";
import { namedIn } from "./promql.ts";
import { fileOf, RULES, textOf } from "./rules.ts";

const BOARDS = "ops/grafana";
const DATASOURCE = { type: "prometheus", uid: "${datasource}" };

const boardSchema = z.looseObject({
  title: z.string().startsWith("tartfleet / "),
  // Grafana gives it one of its own.
  uid: z.undefined().optional(),
  templating: z.object({
    list: z.array(z.looseObject({ name: z.string(), type: z.string(), query: z.string() })),
  }),
  panels: z.array(
    z.looseObject({
      id: z.int(),
      type: z.string(),
      title: z.string(),
      datasource: z.object({ type: z.string(), uid: z.string() }).optional(),
      gridPos: z.object({ x: z.int(), y: z.int(), w: z.int(), h: z.int() }),
      targets: z.array(z.looseObject({ expr: z.string() })).optional(),
    }),
  ),
});

const boards = readdirSync(fileOf(BOARDS)).map((name) => ({
  name,
  board: boardSchema.parse(JSON.parse(textOf(`${BOARDS}/${name}`))),
}));
const docs = [...textOf("docs/metrics.md").matchAll(/^```promql\n(.*?)^```/gms)]
  .flatMap(([, block = ""]) => block.split("\n"))
  .filter((line) => line !== "" && !line.startsWith("#"));

/** Expressions by where they stand; what Grafana puts in is put in. */
const expressions: [string, string][] = [
  ...RULES.map(({ alert, expr }): [string, string] => [alert, expr]),
  ...docs.map((expr): [string, string] => ["docs/metrics.md", expr]),
  ...boards.flatMap(({ name, board }) =>
    board.panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ expr }): [string, string] => [`${name}, ${title}`, expr]),
    ),
  ),
].map(([where, expr]) => [where, expr.replaceAll(/\$__(rate_interval|range)/g, "5m")]);

test("every metric and label that alerts, boards and the docs name is on a live /metrics, with values that match", async () => {
  const live = await liveMetrics();
  const mistakes = expressions.flatMap(([where, expr]) => {
    const { used, grouping } = namedIn(expr);
    const known = used.flatMap(({ metric }) => live.get(metric) ?? []);
    return [
      ...grouping
        .filter((label) => !known.some((series) => label in series))
        .map((label) => `${where}: nothing has the label ${label}`),
      ...used.flatMap(({ metric, matchers }) => {
        const wanted = matchers.filter(({ value }) => !value.startsWith("$"));
        const fits = (live.get(metric) ?? []).some(
          (series) =>
            matchers.every(({ label }) => label in series) &&
            wanted.every(({ label, operator, value }) => matches(series[label] ?? "", operator, value)),
        );
        return fits ? [] : [`${where}: no series like ${metric} ${JSON.stringify(matchers)}`];
      }),
    ];
  });
  expect(expressions.length).toBeGreaterThan(60);
  expect(mistakes).toEqual([]);
});

/** As Prometheus does; its patterns are of the whole value. */
function matches(value: string, operator: string, wanted: string): boolean {
  const isLike = operator.endsWith("~") ? new RegExp(`^(?:${wanted})$`).test(value) : value === wanted;
  return operator.startsWith("!") ? !isLike : isLike;
}

test.each(boards)(
  "$name is drawn from the Prometheus that is chosen, and its panels do not overlap",
  ({ board }) => {
    const variables = board.templating.list;
    expect(variables[0]).toMatchObject({ name: "datasource", type: "datasource", query: "prometheus" });
    const drawn = board.panels.filter(({ type }) => type !== "row");
    for (const panel of drawn) {
      expect(panel.datasource, panel.title).toEqual(DATASOURCE);
      expect(panel.targets?.length, panel.title).toBeGreaterThan(0);
    }
    expect(new Set(board.panels.map(({ id }) => id)).size).toBe(board.panels.length);
    const cells = board.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, n) => `${x + (n % w)} ${y + Math.floor(n / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(Math.max(...board.panels.map(({ gridPos: { x, w } }) => x + w))).toBe(24);
    const asked = drawn.flatMap(({ targets = [] }) =>
      targets.flatMap(({ expr }) => [...expr.matchAll(/"\$(\w+)"/g)].map(([, name]) => name)),
    );
    expect(variables.map(({ name }) => name)).toEqual(expect.arrayContaining(asked));
  },
);
