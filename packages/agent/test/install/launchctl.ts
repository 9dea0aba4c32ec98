import { fail, ok, type Program } from "@tartfleet/mac-sim/system";
import { readFileSync, statSync } from "node:fs";
import { parse } from "plist";

/**
 * As much of launchctl(1) as says which jobs are loaded, without running them: for tests that do it hundreds of times.
 * @tartfleet/mac-sim has one that runs them.
 *
 * @param run another program of the Mac
 */
export const makeLaunchctl =
  (run: (words: readonly string[]) => ReturnType<Program>): Program =>
  ([verb, target = "", ...rest], mac) => {
    const state = mac.read();
    const [, domain = target] = /^((?:gui\/\d+)|system)(?=\/|$)/.exec(target) ?? [];
    const isThere = domain === "system" || state.sessions.some((uid) => domain === `gui/${uid}`);
    switch (verb ?? "") {
      case "asuser":
        return state.sessions.includes(Number(target))
          ? run(rest)
          : fail(1, `Could not switch to audit session ${target}`);
      case "print":
        if (target === domain && isThere) {
          const labels = Object.keys(state.jobs).filter((job) => job.startsWith(`${domain}/`));
          return ok(
            `${domain} = {\n${labels.map((job) => `\t\t 0 - ${job.slice(domain.length + 1)}\n`).join("")}}\n`,
          );
        }
        return target in state.jobs
          ? ok(`${target} = {\n\tstate = running\n}\n`)
          : fail(113, "Could not find service");
      case "bootstrap": {
        const [path = "", ...more] = rest;
        if (!isThere || more.length > 0)
          return fail(125, "Bootstrap failed: 125: Domain does not support specified action");
        if (!path.startsWith(`${mac.root}/`)) return fail(5, "Bootstrap failed: 5: Input/output error");
        const { Label } = parse(readFileSync(path, "utf8")) as { Label: string };
        if (`${domain}/${Label}` in state.jobs) return fail(5, "Bootstrap failed: 5: Input/output error");
        if ((statSync(path).mode & 0o022) !== 0) return fail(122, "Path had bad ownership/permissions");
        state.jobs[`${domain}/${Label}`] = path.slice(mac.root.length);
        mac.write(state);
        return ok();
      }
      case "bootout":
        if (!(target in state.jobs)) return fail(3, "Boot-out failed: 3: No such process");
        delete state.jobs[target];
        mac.write(state);
        return ok();
      default:
        return fail(64, `Unrecognized subcommand: ${verb}`);
    }
  };
