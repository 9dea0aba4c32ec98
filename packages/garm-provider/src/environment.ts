import { z } from "zod";
import { ProviderFailure } from "./failure.ts";

/** What garm may ask for: all of the interface v0.1.0, and what v0.1.1 adds. */
export const commandSchema = z.enum([
  "CreateInstance",
  "DeleteInstance",
  "GetInstance",
  "ListInstances",
  "RemoveAllInstances",
  "StartInstance",
  "StopInstance",
  "GetVersion",
  "GetSupportedInterfaceVersions",
  "ValidatePoolInfo",
  "GetConfigJSONSchema",
  "GetExtraSpecsJSONSchema",
]);

export const INTERFACE_VERSIONS = ["v0.1.0", "v0.1.1"] as const;

/** @throws ProviderFailure when this is not how garm calls */
export function readCommand(env: NodeJS.ProcessEnv): z.output<typeof commandSchema> {
  const version = env["GARM_INTERFACE_VERSION"] || "v0.1.0";
  if (!INTERFACE_VERSIONS.some((known) => known === version)) {
    throw new ProviderFailure(
      `GARM_INTERFACE_VERSION is ${version}; this provider speaks ${INTERFACE_VERSIONS.join(" and ")}`,
    );
  }
  const command = commandSchema.safeParse(env["GARM_COMMAND"]);
  if (command.success) return command.data;
  throw new ProviderFailure(
    `GARM_COMMAND must be one of ${commandSchema.options.join(", ")}: this is for garm to call, as an external provider`,
  );
}

/** @throws ProviderFailure when garm did not set it */
export function variable(
  env: NodeJS.ProcessEnv,
  name: "GARM_CONTROLLER_ID" | "GARM_INSTANCE_ID" | "GARM_POOL_ID" | "GARM_PROVIDER_CONFIG_FILE",
): string {
  const value = env[name];
  if (value === undefined || value === "") throw new ProviderFailure(`${name} is not set`);
  return value;
}
