// Runs a script in a fresh macOS VM, shows what happens, and exits as the script did.
//
//   TARTFLEET_URL=https://fleet.example.com:7337 TARTFLEET_TOKEN=tartfleet_… node run.ts IMAGE < build.sh
import { text } from "node:stream/consumers";
import { connect } from "@tartfleet/client/node";

const { TARTFLEET_URL: url = "", TARTFLEET_TOKEN: token = "" } = process.env;
const client = connect({ url, token });
const [image = ""] = process.argv.slice(2);

const { vm } = await client.createVm({
  image,
  runner: { kind: "script", script: await text(process.stdin) },
});
// However this ends, the VM does not stay.
const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
try {
  for await (const event of client.followEvents(vm.id, { signal: stop.signal })) {
    console.error(event.state.padEnd(12), event.message);
  }
} finally {
  await client.endVm(vm.id);
}
const { scriptResult, end } = await client.getVm(vm.id);
process.stdout.write(scriptResult?.output ?? "");
if (!scriptResult) console.error(end?.error?.message ?? end?.message);
process.exitCode = scriptResult?.exitCode ?? 1;
