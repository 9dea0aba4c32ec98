import { setTimeout as sleep } from "node:timers/promises";
import { AgentStop } from "../../process/exit.ts";
import { act } from "../mac.ts";
import type { Handle, Thing } from "./thing.ts";

/** launchd has read its file. */
export const LOADED = "loaded";

const TRIES = 60;
const PAUSE_MS = 500;

/** A job of launchd. VMs live on when their agent's is stopped. */
export function job(thing: Extract<Thing, { kind: "job" }>): Handle {
  const { domain, label, path } = thing;
  const target = `${domain}/${label}`;
  const handle: Handle = {
    async look(mac) {
      const said = await mac.ask(["launchctl", "print", target]);
      return said.kind === "exited" && said.code === 0 ? LOADED : null;
    },
    async put(mac, to) {
      if (to !== null) return void (await act(mac, ["launchctl", "bootstrap", domain, mac.at(path)]));
      const said = await mac.ask(["launchctl", "bootout", target]);
      // It says that it is still at it before the job has ended, and then the job cannot be started anew.
      for (let tries = 0; tries < TRIES; tries += 1) {
        if ((await handle.look(mac)) === null) return;
        await sleep(PAUSE_MS);
      }
      const why = said.kind === "exited" ? said.stderr.trim() : said.kind;
      throw new AgentStop("system", `launchd does not stop ${target} (${why}); try again`);
    },
    show: (_from, to) =>
      to === null
        ? ["stopped", `$ launchctl bootout ${target}`]
        : ["started", `$ launchctl bootstrap ${domain} ${path}`],
  };
  return handle;
}
