/** A process that runs a guest, as `tart run` does, for tests that kill it. Spec as JSON in argv. */
import { enableCompileCache, flushCompileCache } from "node:module";
import type { GuestSpec } from "../../src/guest/engine.ts";

// Twenty of these are started: what one has compiled serves the next.
enableCompileCache();
const { chooseEngine } = await import("../../src/guest/choose-engine.ts");

const [specJson = "", seconds = "", pauseMs = "0"] = process.argv.slice(2);
const spec = JSON.parse(specJson) as GuestSpec;
process.stdout.on("error", () => process.exit(1));
const engine = await chooseEngine(process.env);
flushCompileCache();
console.log("chosen");
const guest = await engine.start(spec);
console.log("started");
await new Promise((resolve) => setTimeout(resolve, Number(pauseMs)));
const quiet = {
  stdin: null,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: AbortSignal.timeout(60_000),
};
await guest.exec({
  ...quiet,
  argv: [
    "/bin/sh",
    "-c",
    `sleep ${seconds} & setsid nohup sh -c 'sleep ${seconds}; true' >/dev/null 2>&1 & env -u X sleep ${seconds} &`,
  ],
});
console.log("busy");
for (;;) {
  await guest.exec({ ...quiet, argv: ["/bin/sh", "-c", `setsid sleep ${seconds} >/dev/null 2>&1 &`] });
  await new Promise((resolve) => setTimeout(resolve, 20));
}
