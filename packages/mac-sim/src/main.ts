import { ask, isOn } from "./ask.ts";
import { EX_CONFIG } from "./protocol.ts";
import { callerUid, macDir } from "./which-mac.ts";

const USAGE = `usage: mac-sim shutdown      switch the Mac of MAC_SIM_DIR off; all that launchd started ends
       mac-sim logout UID    end that user's session at the screen
       mac-sim login UID     begin it
`;

/** Runs one `mac-sim` command line: what happens to a Mac from outside. */
export async function main(argv: readonly string[]): Promise<void> {
  const { env } = process;
  const [word, ...rest] = argv;
  const isKnown = word === "shutdown" ? rest.length === 0 : /^log(in|out)$/.test(word ?? "");
  if (!isKnown) {
    process.stderr.write(USAGE);
    process.exitCode = 64;
    return;
  }
  const dir = macDir(env);
  if (dir === undefined) {
    process.stderr.write("mac-sim: MAC_SIM_DIR must name the Mac's folder\n");
    process.exitCode = EX_CONFIG;
    return;
  }
  // What is off need not be switched on for it.
  if (word === "shutdown" && !(await isOn(dir).catch(() => false))) return;
  const answer = await ask(
    { program: "mac-sim", argv: [...argv], cwd: process.cwd(), uid: callerUid(env), isTerminal: false },
    env,
  );
  // A launchd that was told to go cannot answer.
  if (word === "shutdown") return;
  process.stdout.write(answer.stdout);
  process.stderr.write(answer.stderr);
  process.exitCode = answer.exitCode;
}
