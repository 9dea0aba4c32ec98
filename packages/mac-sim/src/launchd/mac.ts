import { userInfo } from "node:os";
import { Domains } from "./domains.ts";

/** All that launchd knows of its Mac. */
export interface Mac {
  dir: string;
  /** Divides launchd's own delays. */
  speed: number;
  domains: Domains;
  /** What `launchctl setenv` gave to all jobs that start from then on. */
  environment: Record<string, string>;
  environmentOf(domain: string, label: string): Record<string, string>;
}

export function makeMac(dir: string, speed: number): Mac {
  const environment: Record<string, string> = {};
  return {
    dir,
    speed,
    domains: new Domains(),
    environment,
    environmentOf(domain, label) {
      const [kind, uid] = domain.split("/");
      const { username, homedir, shell } = userInfo();
      return {
        PATH: "/usr/bin:/bin:/usr/sbin:/sbin",
        // Jobs of the system are given no HOME.
        ...(kind === "system"
          ? {}
          : { HOME: homedir, USER: username, LOGNAME: username, SHELL: shell ?? "/bin/sh", TMPDIR: "/tmp" }),
        ...environment,
        XPC_SERVICE_NAME: label,
        XPC_FLAGS: "0x0",
        MAC_SIM_DIR: dir,
        ...(uid === undefined ? {} : { MAC_SIM_UID: uid }),
      };
    },
  };
}
