import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import type { Patient } from "../../src/doctor/examine.ts";

/** What a Mac that is as it should be answers: the body of a shell script for each program. */
const HEALTHY = {
  sw_vers: "echo 15.6.1",
  tart: "echo 2.34.0",
  launchctl: 'test "$*" = "print gui/$(id -u)" && echo "gui/$(id -u) = {"',
  security: `case "$1" in
  show-keychain-info) echo 'Keychain "login.keychain" no-timeout' >&2 ;;
  *) echo "security: SecKeychainSearchCopyNext: The specified item could not be found in the keychain." >&2; exit 44 ;;
esac`,
  fdesetup: 'echo "FileVault is Off."',
  pmset: 'printf " sleep                0 (sleep prevented by caffeinate)\\n autorestart          1\\n"',
  defaults: `case "$*" in
  *autoLoginUser) id -un ;;
  *bootpd) printf '{\\n    DHCPLeaseTimeSecs = 600;\\n}\\n' ;;
  *AllowedEthernetLocalNetworkAddresses) printf '(\\n    "192.168.0.0/16"\\n)\\n' ;;
esac`,
};
export type FakeProgram = keyof typeof HEALTHY;

/** A setting that `defaults` does not know, in its words. */
export const UNSET = `echo "2026-11-26 The domain/default pair of ($2, $3) does not exist" >&2; exit 1`;

/** A Mac to be asked on any system. */
export interface FakeMacos extends AsyncDisposable {
  dir: string;
  /** Where its programs are, to come first in a PATH. */
  bin: string;
  env: Record<string, string>;
  patient: Patient;
  /** What a program answers from now on: the body of a script; null takes it away. */
  answers(program: FakeProgram, script: string | null): Promise<void>;
  /** The leases of its DHCP server. */
  leases(text: string): Promise<void>;
}

export async function makeFakeMacos(): Promise<FakeMacos> {
  const dir = await mkdtemp(join(tmpdir(), "tartfleet-macos-"));
  const bin = join(dir, "bin");
  const home = join(dir, "home");
  await mkdir(bin);
  await mkdir(join(home, ".docker"), { recursive: true });
  await writeFile(
    join(home, ".docker/config.json"),
    JSON.stringify({ auths: { "ghcr.io": { auth: Buffer.from("ci:canary-password").toString("base64") } } }),
  );
  // No instance of EC2's, wherever the tests run.
  const env = { PATH: `${bin}:/usr/bin:/bin`, HOME: home, AWS_EC2_METADATA_DISABLED: "true" };
  const { uid, username } = userInfo();
  const mac: FakeMacos = {
    dir,
    bin,
    env,
    patient: {
      tart: join(bin, "tart"),
      tartHome: homedir(),
      env,
      // The tests may run as root, the agent does not.
      uid,
      user: username,
      home,
      skew: async () => ({ seconds: 0 }),
      // However busy the machine is that runs the tests.
      askMs: 100_000,
      leases: join(dir, "dhcpd_leases"),
      sharing: join(dir, "com.apple.InternetSharing.default"),
    },
    async answers(program, script) {
      const path = join(bin, program);
      if (script === null) return rm(path, { force: true });
      await writeFile(path, `#!/bin/sh\n${script}\n`);
      await chmod(path, 0o755);
    },
    leases: (text) => writeFile(join(dir, "dhcpd_leases"), text),
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  };
  for (const [program, script] of Object.entries(HEALTHY)) {
    await mac.answers(program as FakeProgram, script);
  }
  return mac;
}

/** One lease as bootpd writes it. */
export function lease(address: string, hardware: string, endsAt: number): string {
  const fields = [
    "name=VM",
    `ip_address=${address}`,
    `hw_address=1,${hardware}`,
    `identifier=1,${hardware}`,
    `lease=0x${Math.floor(endsAt).toString(16)}`,
  ];
  return `{\n${fields.map((field) => `\t${field}\n`).join("")}}\n`;
}
