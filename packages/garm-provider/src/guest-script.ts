import { readFileSync } from "node:fs";
import type { Bootstrap } from "./bootstrap.ts";

const GUEST = readFileSync(new URL("../guest/runner.sh", import.meta.url), "utf8");

/**
 * What runs in the guest: guest/runner.sh, and before it what it works with. The instance's token is among that, so
 * that it stands where the control plane seals what it is given, and in a file of the guest that only its user reads.
 */
export function guestScript(bootstrap: Bootstrap): string {
  const callback = trimmed(bootstrap["callback-url"]).replace(/\/status$/, "");
  const macs = bootstrap.tools?.find(({ os, architecture }) => os === "osx" && architecture === "arm64");
  const variables = {
    GARM_TOKEN: bootstrap["instance-token"],
    GARM_STATUS_URL: `${callback}/status`,
    // With the slash at its end garm has it in every version.
    GARM_SYSTEM_INFO_URL: `${callback}/system-info/`,
    GARM_METADATA_URL: trimmed(bootstrap["metadata-url"]),
    GARM_JIT: bootstrap.jit_config_enabled ? "yes" : "",
    GARM_CA: Buffer.from(bootstrap["ca-cert-bundle"] ?? "", "base64").toString("utf8"),
    RUNNER_NAME: bootstrap.name,
    RUNNER_URL: bootstrap.repo_url,
    RUNNER_GROUP: bootstrap["github-runner-group"] ?? "",
    RUNNER_LABELS: (bootstrap.labels ?? []).join(","),
    TOOLS_URL: macs?.download_url ?? "",
    TOOLS_TOKEN: macs?.temp_download_token ?? "",
    TOOLS_SHA256: macs?.sha256_checksum ?? "",
  };
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${quote(value)}\n`);
  return `#!/bin/bash\n${lines.join("")}${proxyOf(bootstrap)}${GUEST}`;
}

/** For curl here, and for the runner and its jobs. */
function proxyOf({ proxy_config: { http_proxy, https_proxy, no_proxy } }: Bootstrap): string {
  if (http_proxy === "" && https_proxy === "") return "";
  return Object.entries({ http_proxy, https_proxy, no_proxy })
    .filter(([, value]) => value !== "")
    .map(([name, value]) => `export ${name}=${quote(value)}\n`)
    .join("");
}

/** One word of the shell, whatever it is. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function trimmed(url: string): string {
  return url.replace(/\/+$/, "");
}
