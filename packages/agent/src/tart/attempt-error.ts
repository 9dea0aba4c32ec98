import type { AttemptError, AttemptErrorCode } from "@tartfleet/shared";
import type { TartFailureClass } from "./failure-classes.ts";
import type { TartFailure } from "./tart.ts";

/** What the agent was doing for an attempt. */
export type AttemptStep = "pull" | "clone" | "configure" | "run" | "guest";

/** Classes that say the same whatever the agent was doing. */
const BY_CLASS: Partial<Record<TartFailureClass, AttemptErrorCode>> = {
  BINARY_BROKEN: "tart_broken",
  NOT_INSTALLED: "tart_broken",
  DISK_FULL: "host_disk_full",
  LIMIT: "vm_limit_reached",
  START_FAILED: "start_failed",
  CONTROL_SOCKET_DEAD: "start_failed",
  SOFTNET: "softnet_unavailable",
  NO_SESSION: "host_misconfigured",
  KEYCHAIN: "host_misconfigured",
  HOST_TOO_OLD: "host_misconfigured",
  AUTH: "image_auth_failed",
  NO_IMAGE: "image_not_found",
  BAD_IMAGE: "image_unusable",
  NET: "registry_unreachable",
  STALLED: "pull_stalled",
  RESOURCES: "resources_refused",
  NO_IP: "guest_unreachable",
  AGENT_UNREACHABLE: "guest_unreachable",
  EXEC_TRANSPORT: "guest_unreachable",
  GUEST_CRASH: "guest_ended_early",
  GUEST_OFF: "guest_ended_early",
  NETWORK_LOST: "guest_ended_early",
  TIMED_OUT: "tart_timeout",
  NOT_FOUND: "instance_lost",
  USAGE: "tart_failed",
};

/** What is left is told by the step. */
const BY_STEP: Record<AttemptStep, AttemptErrorCode> = {
  pull: "tart_failed",
  clone: "clone_failed",
  configure: "tart_failed",
  run: "start_failed",
  guest: "guest_unreachable",
};

/** A tart failure in the words of the control plane: the host's own names and secrets are not in it. */
export function attemptErrorOf(failure: TartFailure, step: AttemptStep): AttemptError {
  return {
    code: BY_CLASS[failure.class] ?? BY_STEP[step],
    message: failure.message,
    facts: {
      step,
      class: failure.class,
      command: `tart ${failure.command}`,
      exitCode: failure.exitCode,
      signal: failure.signal,
      output: failure.output,
      ...(failure.cause === undefined ? {} : { cause: failure.cause }),
    },
  };
}
