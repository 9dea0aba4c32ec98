import { readHostConfig } from "../host/host-config.ts";
import type { GuestSpec } from "./engine.ts";

/** Where a guest's sshd listens: what host.json says, else the engine's usual port. */
export function sshPort(spec: GuestSpec, usual: number): number {
  const { sshPort: asked } = readHostConfig(spec.hostDir);
  return asked === 0 ? usual : asked;
}
