import type { RevealedRunner } from "@tartfleet/shared";
import { planAzure } from "./azure.ts";
import { planBuildkite } from "./buildkite.ts";
import { planCircleci } from "./circleci.ts";
import { planGithub } from "./github.ts";
import { planGitlab } from "./gitlab.ts";
import { planJenkins } from "./jenkins.ts";
import type { RunnerPlan } from "./plan.ts";
import { planScript } from "./script.ts";

/** How a runner is set up and started in a guest; `name` is what it registers as. */
export function planRunner(runner: RevealedRunner, name: string): RunnerPlan {
  switch (runner.kind) {
    case "github":
      return planGithub(runner, name);
    case "gitlab":
      return planGitlab(runner, name);
    case "buildkite":
      return planBuildkite(runner, name);
    case "jenkins":
      return planJenkins(runner);
    case "azure":
      return planAzure(runner, name);
    case "circleci":
      return planCircleci(runner, name);
    case "script":
    default:
      return planScript(runner);
  }
}
