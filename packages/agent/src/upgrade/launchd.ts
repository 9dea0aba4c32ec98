import { execa } from "execa";
import { AGENT_LABEL } from "../installed.ts";
import { AgentStop } from "../process/exit.ts";

/** The launchd job of a user's agent. */
export interface AgentJob {
  /** Whether launchd has it: the user is logged in at the screen, and it was not taken out. */
  isLoaded(): Promise<boolean>;
  /** Ends the agent, if there is one, and starts it anew from `current`. @throws AgentStop when launchd refuses */
  restart(): Promise<void>;
}

/** @param env whose PATH has `launchctl` */
export function agentJobOf(uid: number, env: Readonly<Record<string, string | undefined>>): AgentJob {
  const target = `gui/${uid}/${AGENT_LABEL}`;
  const launchctl = (...argv: string[]) =>
    execa("launchctl", argv, { env, extendEnv: false, reject: false, timeout: 60_000 });
  return {
    async isLoaded() {
      const { exitCode, message } = await launchctl("print", target);
      if (exitCode === undefined) throw new AgentStop("settings", `launchctl does not answer: ${message}`);
      return exitCode === 0;
    },
    async restart() {
      const { exitCode, stderr, message } = await launchctl("kickstart", "-k", target);
      if (exitCode === 0) return;
      throw new AgentStop("noneUp", `launchctl does not start ${target}: ${stderr || message}`);
    },
  };
}
