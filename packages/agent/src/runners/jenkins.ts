import type { RevealedRunner } from "@tartfleet/shared";
import { quote } from "../guest/shell.ts";
import { SECRET_FILE, secretFile, type RunnerPlan } from "./plan.ts";

/**
 * An inbound agent. Its name is the node's on the controller, to which the secret belongs. agent.jar reads the
 * secret from the file at its own time, so only supervise.sh removes it, at the end.
 */
export function planJenkins(runner: Extract<RevealedRunner, { kind: "jenkins" }>): RunnerPlan {
  // agent.jar takes one of both, and with -noReconnect it tries for ever to connect for the first time.
  const patience =
    runner.reconnectSeconds === undefined
      ? ["-noReconnect"]
      : ["-noReconnectAfter", `${runner.reconnectSeconds}s`];
  const words = ["-url", runner.url, "-name", runner.name, "-webSocket", ...patience];
  return {
    files: [secretFile(runner.secret)],
    check: `have java || missing "Java, in PATH, for the Jenkins agent"
[ -r "$home/agent.jar" ] || [ -r "$home/jenkins/agent.jar" ] || missing "the Jenkins agent, as ~/agent.jar or ~/jenkins/agent.jar"
`,
    prepare: "",
    start: `cd "$home" || exit 1
jar=$home/agent.jar
[ -r "$jar" ] || jar=$home/jenkins/agent.jar
exec java -jar "$jar" ${words.map(quote).join(" ")} -secret "@$dir/${SECRET_FILE}" -workDir "$home/jenkins"
`,
  };
}
