import { spawnTart, failureOf, ownFailure } from "./command.ts";
import type { TartConfig } from "./config.ts";
import { logIn } from "./login.ts";
import { parsePercent, parsePullSize } from "./parse.ts";
import type { PullGate } from "./pull-gate.ts";
import { failed, ok } from "./result.ts";
import type { OnPulled, TartResult } from "./tart.ts";

const TRIES = 3;
/** By then a repeated pull holds its data again or has failed. */
const GATE_MS = 30_000;

/**
 * Pulls an image. A failure of the network is followed by another try at once, with the gate closed, because the
 * data fetched so far survives only until another tart command runs; credentials that are refused, by one with new
 * ones.
 */
export async function pullImage(
  config: TartConfig,
  gate: PullGate,
  image: string,
  options: { onProgress: OnPulled; signal: AbortSignal; leastStallMs?: () => number },
): Promise<TartResult<void>> {
  let reopen = () => {};
  try {
    let isRenewed = false;
    for (let tried = 1; ; tried += 1) {
      const login = await logIn(config, image, options.signal);
      const result = await pullOnce(login.config, image, { ...options, onOwned: reopen });
      if (result.ok) return result;
      const { class: failure } = result.failure;
      const renews: boolean = failure === "AUTH" && !isRenewed && login.refused();
      isRenewed ||= renews;
      if (!renews && (failure !== "NET" || tried >= TRIES)) return failed(login.explain(result.failure));
      reopen();
      reopen = gate.close(GATE_MS / config.pace);
    }
  } finally {
    reopen();
  }
}

async function pullOnce(
  config: TartConfig,
  image: string,
  options: {
    onProgress: OnPulled;
    onOwned: () => void;
    signal: AbortSignal;
    leastStallMs?: () => number;
  },
): Promise<TartResult<void>> {
  const stall = new AbortController();
  const clock = (ms: number) => setTimeout(() => stall.abort(), ms);
  const stallMs = () => Math.max(config.limits.pullStall, options.leastStallMs?.() ?? 0);
  let timer = clock(stallMs());
  let totalBytes: number | undefined;
  const result = await spawnTart(config, ["pull", image], {
    timeoutMs: 0,
    signal: options.signal,
    stalled: stall.signal,
    onLine: (line) => {
      clearTimeout(timer);
      timer = clock(line.startsWith("waiting for lock") ? config.limits.pullLock : stallMs());
      if (line.startsWith("pulling disk")) {
        options.onOwned();
        totalBytes = parsePullSize(line);
      }
      const percent = parsePercent(line);
      if (percent === undefined) return;
      options.onOwned();
      options.onProgress(percent, totalBytes);
    },
  });
  clearTimeout(timer);
  if (!result.ok) return result;
  if (result.value.exitCode === 0) return ok();
  return failed(failureOf(config, { command: "pull", ...result.value }));
}

/** What a pull that was given up while it waited for its turn answers. */
export function pullCancelled(): TartResult<void> {
  return failed(ownFailure("CANCELLED", "pull"));
}
