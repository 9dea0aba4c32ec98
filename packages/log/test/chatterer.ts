import { openStdoutLog } from "../src/log.ts";

/** Logs far more than may wait, then says on stderr how often its event loop turned, and ends when it is told to. */
const [, , lines, waitingBytes] = process.argv;
const log = openStdoutLog({ level: "info" }, Number(waitingBytes));
for (let n = 1; n <= Number(lines); n += 1) log.info({ n }, "chatter");
setImmediate(() => process.stderr.write("still turning\n"));
process.stdin.resume().once("end", () => log.flush(() => process.exit(0)));
