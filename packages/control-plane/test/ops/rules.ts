import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { z } from "zod";

const ROOT = new URL("../../../../", import.meta.url);

/** A file of the repository, by its path in it. */
export const fileOf = (path: string): string => fileURLToPath(new URL(path, ROOT));
export const textOf = (path: string): string => readFileSync(fileOf(path), "utf8");

export const ALERTS = "ops/prometheus/alerts.yml";

const rulesSchema = z.strictObject({
  groups: z.array(
    z.strictObject({
      name: z.string(),
      rules: z.array(
        z.strictObject({
          alert: z.string().regex(/^Tartfleet[A-Z][A-Za-z]+$/),
          expr: z.string(),
          for: z.string().optional(),
          labels: z.strictObject({ severity: z.enum(["page", "ticket"]) }),
          annotations: z.strictObject({
            summary: z.string().regex(/^[^{]+[^.{]$/),
            description: z.string().regex(/\.$/),
            runbook_url: z.string(),
          }),
        }),
      ),
    }),
  ),
});

export const RULES = rulesSchema.parse(parse(textOf(ALERTS))).groups.flatMap(({ rules }) => rules);

/** TartfleetHostSilent's page is host-silent.md. */
export const runbookOf = (alert: string): string =>
  `docs/runbooks/${alert
    .replace("Tartfleet", "")
    .replaceAll(/(?<!^)[A-Z]/g, "-$&")
    .toLowerCase()}.md`;
