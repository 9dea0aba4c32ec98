import { connect } from "@tartfleet/client/node";
import { z } from "zod";
import manifest from "../package.json" with { type: "json" };
import { readBootstrap, readExtraSpecs } from "./bootstrap.ts";
import { configSchema, extraSpecsSchema, readConfig, readText, type Config } from "./config.ts";
import { createInstance } from "./create.ts";
import { INTERFACE_VERSIONS, readCommand, variable } from "./environment.ts";
import { ProviderFailure, providerFailureOf } from "./failure.ts";
import { instanceOf } from "./instance.ts";
import { endAll, liveVmsOfPool, vmOf, vmsOf, vmsOfController, type Owner } from "./vms.ts";

/** How a call ended, and what garm reads. */
export interface Outcome {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** One call of the executable, as garm makes it. */
export async function callProvider(env: NodeJS.ProcessEnv, stdin: () => Promise<string>): Promise<Outcome> {
  try {
    const answered = await answer(env, stdin);
    const stdout = typeof answered === "string" ? answered : (JSON.stringify(answered) ?? "");
    return { exitCode: 0, stdout, stderr: "" };
  } catch (error) {
    const { message, exitCode } = providerFailureOf(error);
    return { exitCode, stdout: "", stderr: `${message}\n` };
  }
}

/** What garm reads from stdout; undefined: nothing. */
async function answer(env: NodeJS.ProcessEnv, stdin: () => Promise<string>): Promise<unknown> {
  const configOf = () => readConfig(variable(env, "GARM_PROVIDER_CONFIG_FILE"));
  const instance = () => variable(env, "GARM_INSTANCE_ID");
  const ownerBy = (config: Config): Owner => ({
    client: clientOf(config),
    controllerId: variable(env, "GARM_CONTROLLER_ID"),
  });
  const command = readCommand(env);
  switch (command) {
    case "CreateInstance": {
      const config = configOf();
      return instanceOf(await createInstance(ownerBy(config), config, readBootstrap(await stdin())));
    }
    case "GetInstance":
      return instanceOf(await vmOf(ownerBy(configOf()), instance()));
    case "ListInstances":
      return (await liveVmsOfPool(ownerBy(configOf()), variable(env, "GARM_POOL_ID"))).map(instanceOf);
    case "DeleteInstance": {
      const owner = ownerBy(configOf());
      return endAll(owner, await vmsOf(owner, instance()));
    }
    case "RemoveAllInstances": {
      const owner = ownerBy(configOf());
      return endAll(owner, await vmsOfController(owner));
    }
    case "StartInstance":
      if ((await vmOf(ownerBy(configOf()), instance())).end === null) return undefined;
      throw new ProviderFailure("The instance's VM has ended, and a VM lives once. Delete the instance.");
    case "StopInstance":
      throw new ProviderFailure("A VM cannot be stopped to be started again. Delete the instance instead.");
    case "ValidatePoolInfo":
      configOf();
      readExtraSpecs(env["GARM_POOL_EXTRASPECS"]);
      return undefined;
    case "GetVersion":
      return `v${manifest.version}`;
    case "GetSupportedInterfaceVersions":
      return INTERFACE_VERSIONS;
    case "GetConfigJSONSchema":
      return z.toJSONSchema(configSchema, { io: "input" });
    case "GetExtraSpecsJSONSchema":
      return z.toJSONSchema(extraSpecsSchema, { io: "input" });
    default:
      return command satisfies never;
  }
}

function clientOf({ url, tokenFile, caFile, insecure }: Config) {
  return connect({
    url,
    token: readText(tokenFile, "tokenFile").trim(),
    insecure,
    ...(caFile === undefined ? {} : { ca: readText(caFile, "caFile") }),
  });
}
