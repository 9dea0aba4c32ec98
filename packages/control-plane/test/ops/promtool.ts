import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ALERTS, fileOf, RULES } from "./rules.ts";
import { namedIn } from "./promql.ts";
import type { makeScrapes } from "./scrapes.ts";

/** Debian's `prometheus` has it; scripts/install-lab-packages.sh installs that. */
export const hasPromtool = promtool("--version").status === 0;

/** What promtool says; `status` 0 is well. */
export function promtool(...args: string[]): { status: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync("promtool", args, { encoding: "utf8" });
  return { status, said: `${stdout}${stderr}` };
}

/** An alert as it is to fire: with its labels besides the severity, and its description. */
export interface Firing {
  alert: string;
  labels: Record<string, string>;
  says: string;
}

const METRICS = new Set(RULES.flatMap(({ expr }) => namedIn(expr).used.map(({ metric }) => metric)));

/**
 * Has promtool evaluate the rules over what was scraped.
 *
 * @param fires by the minute: exactly these alerts, and no other, fire then
 */
export function tryRules(
  scrapes: ReturnType<typeof makeScrapes>,
  fires: ReadonlyMap<number, readonly Firing[]>,
): { status: number | null; said: string } {
  const times = [...fires];
  const test = {
    interval: "1m",
    input_series: scrapes.input((metric) => METRICS.has(metric)),
    external_labels: { tartfleet_runbooks: "https://git.example.com/tartfleet" },
    promql_expr_test: times.map(([minute, firing]) => ({
      expr: 'count by (alertname) (ALERTS{alertstate="firing"})',
      eval_time: `${minute}m`,
      exp_samples: [...Map.groupBy(firing, ({ alert }) => alert)].map(([alertname, { length }]) => ({
        labels: `{alertname="${alertname}"}`,
        value: length,
      })),
    })),
    alert_rule_test: times.flatMap(([minute, firing]) =>
      [...Map.groupBy(firing, ({ alert }) => alert)].map(([alertname, those]) => ({
        eval_time: `${minute}m`,
        alertname,
        exp_alerts: those.map(expected),
      })),
    ),
  };
  const folder = mkdtempSync(join(tmpdir(), "tartfleet-rules-"));
  try {
    const path = join(folder, "test.yml");
    // JSON is YAML.
    writeFileSync(
      path,
      JSON.stringify({ rule_files: [fileOf(ALERTS)], evaluation_interval: "1m", tests: [test] }),
    );
    return promtool("test", "rules", path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function expected({ alert, labels, says }: Firing) {
  const rule = RULES.find((candidate) => candidate.alert === alert);
  if (!rule) throw new Error(`there is no ${alert}`);
  const { summary, runbook_url: url } = rule.annotations;
  return {
    exp_labels: { severity: rule.labels.severity, ...labels },
    exp_annotations: {
      summary,
      description: says,
      runbook_url: url.replace(/^\{\{.*\}\}/, "https://git.example.com/tartfleet/"),
    },
  };
}
