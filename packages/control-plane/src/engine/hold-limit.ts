import { CallError } from "@tartfleet/shared";

/**
 * Nobody holds a VM for longer than the control plane allows.
 *
 * @throws CallError invalid_request
 */
export function requireHoldable(seconds: number, most: number, path: string): void {
  if (seconds <= most) return;
  const message = `must be at most ${most} (this control plane's --max-hold-seconds)`;
  throw new CallError("invalid_request", `${path} ${message}.`, [{ path, message }]);
}
