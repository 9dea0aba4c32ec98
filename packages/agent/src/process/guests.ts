import {
  attemptErrorOfGuest,
  provision,
  readScriptResult,
  requestShutdown,
  waitForGuest,
  type SshLogin,
} from "../guest/index.ts";
import type { Guests } from "../host/ports.ts";
import type { Log } from "../log.ts";
import { failed, ok } from "../tart/result.ts";
import type { Tart } from "../tart/tart.ts";

/** What waitForGuest gives `tart exec` before it tries ssh. */
const HEAD_START_MS = 30_000;

/** Real guests: by `tart exec`, or by ssh. */
export function realGuests(tart: Tart, ssh: SshLogin, log: Log): Guests {
  return {
    async reach({ name, logPath }, { budgetMs, signal }) {
      const reached = await waitForGuest({
        name,
        tart,
        logPath,
        ssh,
        timeoutSeconds: budgetMs / 1000,
        signal,
        // A guest that is asked for its last word is up: there is no agent to wait for before ssh is tried.
        ...(budgetMs < HEAD_START_MS ? { headStartSeconds: 2 } : {}),
      });
      return reached.ok ? reached : failed(attemptErrorOfGuest(reached.failure));
    },
    async provision(guest, subject, bootstrap, signal) {
      const provisioned = await provision(guest, bootstrap, { ...subject, signal });
      if (provisioned.ok) return ok();
      const error = provisioned.failure;
      return failed({ kind: error.code === "guest_unreachable" ? "again" : "final", error });
    },
    async scriptResult(guest, signal) {
      const result = await readScriptResult(guest, { signal });
      if (result.ok) return result.value;
      log.warn({ why: result.failure.message }, "the script's result could not be read");
      return null;
    },
    async requestShutdown(guest, signal) {
      const asked = await requestShutdown(guest, { signal });
      if (!asked.ok)
        log.debug({ why: asked.failure.message }, "the guest did not take the order to shut down");
      return asked.ok;
    },
  };
}
