import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { z } from "zod";

export const CONTROLLER = "f9286791-1589-4f39-a106-5b68c2a18af4";
export const POOL = "9dcf590a-1192-4a9c-b3e4-e0902974c2c0";
export const INSTANCE_TOKEN = "ey.it's-$ecret.jwt";

/** What garm sends for a pool of an organisation (params.BootstrapInstance as Go writes it). */
export const aBootstrap = (parts: Record<string, unknown> = {}) => ({
  name: "garm-ny9heeqyw2rl",
  tools: [
    { os: "linux", architecture: "arm64", download_url: "https://github.example.com/linux.tar.gz" },
    { os: "osx", architecture: "arm64", download_url: "https://github.example.com/osx.tar.gz" },
  ],
  repo_url: "https://github.com/org",
  "callback-url": "https://garm.example.com/api/v1/callbacks",
  "metadata-url": "https://garm.example.com/api/v1/metadata",
  "instance-token": INSTANCE_TOKEN,
  "ssh-keys": null,
  extra_specs: { runner_install_template: "IyEvYmluL2Jhc2gK" },
  "github-runner-group": "",
  "ca-cert-bundle": null,
  arch: "arm64",
  os_type: "linux",
  flavor: "large",
  image: "ghcr.io/org/macos-runner:15",
  labels: null as string[] | null,
  pool_id: POOL,
  user_data_options: { disable_updates_on_boot: false, extra_packages: null, enable_boot_debug: false },
  jit_config_enabled: true,
  proxy_config: { http_proxy: "", https_proxy: "", no_proxy: "" },
  ...parts,
});

/** garm's own check of what comes back (runner/providers/common, ValidateResult). */
const instanceSchema = z.strictObject({
  provider_id: z.string().min(1),
  name: z.string().min(1),
  os_type: z.enum(["linux", "windows", "unknown"]),
  os_name: z.string(),
  os_arch: z.enum(["amd64", "i386", "arm64", "arm"]),
  addresses: z.array(z.strictObject({ address: z.string(), type: z.enum(["public", "private"]) })).optional(),
  status: z.enum(["running", "error", "stopped", "unknown"]),
  provider_fault: z.base64().optional(),
});

interface Said {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

interface GarmOptions {
  /** provider_executable, which is called as a process, or what one does. */
  provider: string | ((env: Record<string, string>, stdin: () => Promise<string>) => Promise<Said>);
  /** What the provider's config file says besides where its token is. */
  config: Readonly<Record<string, unknown>>;
  token: string;
  controllerId?: string;
  version?: "v0.1.0" | "v0.1.1";
}

/** garm as it calls an external provider (runner/providers/v0.1.0 and v0.1.1): an environment and nothing besides. */
export function aGarm(options: GarmOptions) {
  const { provider, config, token, controllerId = CONTROLLER, version = "v0.1.0" } = options;
  const folder = mkdtempSync(join(tmpdir(), "garm-provider-"));
  const configFile = join(folder, "tartfleet.json");
  const tokenFile = join(folder, "token");
  writeFileSync(tokenFile, `${token}\n`);
  writeFileSync(configFile, JSON.stringify({ tokenFile, ...config }));

  function call(command: string, more: Record<string, string> = {}, stdin = ""): Promise<Said> {
    const env = {
      GARM_COMMAND: command,
      GARM_CONTROLLER_ID: controllerId,
      GARM_PROVIDER_CONFIG_FILE: configFile,
      GARM_INTERFACE_VERSION: version,
      // As by environment_variables = ["PATH"].
      PATH: process.env["PATH"] ?? "",
      ...more,
    };
    return typeof provider === "string" ? run(provider, env, stdin) : provider(env, async () => stdin);
  }

  return {
    configFile,
    call,
    create: (bootstrap: ReturnType<typeof aBootstrap>) =>
      call("CreateInstance", { GARM_POOL_ID: bootstrap.pool_id }, JSON.stringify(bootstrap)),
    get: (instance: string) => call("GetInstance", { GARM_INSTANCE_ID: instance }),
    delete: (instance: string) => call("DeleteInstance", { GARM_INSTANCE_ID: instance }),
    list: (pool: string) => call("ListInstances", { GARM_POOL_ID: pool }),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}

async function run(executable: string, env: Record<string, string>, stdin: string): Promise<Said> {
  const child = spawn(executable, [], { env });
  child.stdin.on("error", () => {}).end(stdin);
  const ended = new Promise<number | null>((resolve) => void child.once("close", resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { exitCode: await ended, stdout, stderr };
}

/** What garm makes of a good answer. */
export function instanceIn({ exitCode, stdout, stderr }: Said) {
  if (exitCode !== 0) throw new Error(`exit ${exitCode}: ${stderr}`);
  return instanceSchema.parse(JSON.parse(stdout));
}

export function namesIn({ exitCode, stdout, stderr }: Said): string[] {
  if (exitCode !== 0) throw new Error(`exit ${exitCode}: ${stderr}`);
  return z
    .array(instanceSchema)
    .parse(JSON.parse(stdout))
    .map(({ name }) => name);
}
