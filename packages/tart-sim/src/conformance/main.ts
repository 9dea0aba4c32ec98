#!/usr/bin/env node
import { accessSync, constants, mkdtempSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { parseArgs } from "node:util";
import { makeSimHost } from "../sim-host.ts";
import { type BenchInput, makeBench } from "./bench.ts";
import { carryOut, type Verdict } from "./carry-out.ts";
import { checks } from "./checks.ts";
import { simImage, simSpeed } from "./sim-setting.ts";

const usage = `usage: conformance [--image REF] [--only N[,N…]] [--sim]

Checks what tartfleet relies on against the tart on PATH, or against tart-sim where there is none.
  --image REF   a macOS image with a guest agent; without it, checks that need one are skipped
                (tart-sim brings its own)
  --only N      these checks alone
  --sim         tart-sim, even where there is a tart`;

/** How long a check may take. */
const MAC_LIMIT_MS = 15 * 60_000;
const SIM_LIMIT_MS = 60_000;

const { values } = parseArgs({
  options: {
    image: { type: "string" },
    only: { type: "string" },
    sim: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (values.help) console.log(usage);
else process.exitCode = await conformance();

async function conformance(): Promise<number> {
  const only = values.only?.split(",").map(Number);
  const chosen = checks.filter(({ number }) => only === undefined || only.includes(number));
  if (chosen.length === 0) {
    console.error(`No check has a number in "${values.only ?? ""}"; there are 1 to ${checks.length}.`);
    return 64;
  }
  const scratch = mkdtempSync(join(tmpdir(), "tart-conformance-"));
  try {
    const bench = await makeBench(values.sim || !tartIsOnPath() ? await simulated(scratch) : real());
    console.log(
      `tart ${bench.version}${bench.image === undefined ? ", no --image" : `, image ${bench.image}`}`,
    );
    const limitMs = bench.secondMs < 1000 ? SIM_LIMIT_MS : MAC_LIMIT_MS;
    const verdicts: Verdict[] = [];
    for (const check of chosen) {
      const verdict = await carryOut(check, bench, limitMs);
      verdicts.push(verdict);
      console.log(`${String(check.number).padStart(2)}  ${verdict.kind.padEnd(7)}  ${check.title}`);
      if (verdict.kind !== "kept") console.log(verdict.why.replaceAll(/^/gm, "        "));
    }
    const count = (kind: Verdict["kind"]) => verdicts.filter((verdict) => verdict.kind === kind).length;
    console.log(`${count("kept")} kept, ${count("broken")} broken, ${count("skipped")} skipped`);
    return count("broken") === 0 ? 0 : 1;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function real(): BenchInput {
  const home = process.env["TART_HOME"] ?? join(homedir(), ".tart");
  return { env: { ...process.env, CI: "1", TART_NO_AUTO_PRUNE: "" }, home, image: values.image };
}

async function simulated(dir: string): Promise<BenchInput> {
  console.log("There is no tart on PATH, or --sim was given: checking tart-sim.");
  const image = values.image ?? simImage;
  const version = process.env["TART_SIM_VERSION"];
  const host = await makeSimHost({
    dir,
    speed: simSpeed,
    cached: [image],
    ...(version === undefined ? {} : { version }),
  });
  return { env: { ...host.env, CI: "1" }, home: host.tartHome, image, speed: simSpeed };
}

function tartIsOnPath(): boolean {
  return (process.env["PATH"] ?? "").split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, "tart"), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
