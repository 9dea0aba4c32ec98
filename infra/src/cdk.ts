// `npm run infra -- ARGS`: the cdk program of this package, in its folder, telling nobody about it.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

const cdk = createRequire(import.meta.url).resolve("aws-cdk/bin/cdk");
const { status, signal } = spawnSync(process.execPath, [cdk, ...process.argv.slice(2)], {
  stdio: "inherit",
  cwd: dirname(dirname(fileURLToPath(import.meta.url))),
  env: {
    ...process.env,
    CDK_DISABLE_CLI_TELEMETRY: "true",
    CDK_DISABLE_VERSION_CHECK: "true",
    JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION: "true",
  },
});
process.exitCode = status ?? (signal === "SIGINT" ? 130 : 143);
