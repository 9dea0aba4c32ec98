import { App, type AppProps, Tags, Validations } from "aws-cdk-lib";
import type { Settings } from "./settings.ts";
import { BuilderStack } from "./stacks/builder.ts";
import { ControlPlaneStack } from "./stacks/control-plane.ts";
import { HostsStack } from "./stacks/hosts.ts";
import { NetworkStack } from "./stacks/network.ts";
import { RegistryStack } from "./stacks/registry.ts";
import { StateStack } from "./stacks/state.ts";

/** What is wrong by CloudFormation's own schemas is an error; a stack that another one needs cannot be taken away. */
const FLAGS = {
  "@aws-cdk/core:validateAgainstDefaultRules": true,
  "@aws-cdk/core:defaultCrossStackReferences": "strong",
};

/** What the validation would have otherwise, and why it is so. */
const ON_PURPOSE = {
  "CloudFormation-Validate::W3010":
    "A Mac type is offered in some availability zones only, a volume is in one.",
  "CloudFormation-Validate::W9010":
    "An AMI that changed by itself would have machines made anew by any deployment.",
};

/** A CDK app with all stacks of a fleet. */
export function makeFleet(settings: Settings, props: AppProps = {}) {
  const app = new App({ ...props, context: { ...FLAGS, ...props.context } });
  for (const [id, reason] of Object.entries(ON_PURPOSE)) Validations.of(app).acknowledge({ id, reason });
  return { app, ...makeStacks(app, settings) };
}

/**
 * All stacks of a fleet. Each can be deployed, replaced and taken away by itself; `state` is what must outlive the
 * control plane's machine.
 */
function makeStacks(app: App, settings: Settings) {
  const { name, account, region } = settings;
  const props = (what: string, description: string, terminationProtection = false) => ({
    stackName: `${name}-${what}`,
    description: `${name}: ${description}`,
    env: { account, region },
    terminationProtection,
  });
  const network = new NetworkStack(app, "network", settings, props("network", "where the fleet is"));
  const registry = new RegistryStack(app, "registry", settings, props("registry", "images of macOS", true));
  const state = new StateStack(
    app,
    "state",
    { settings, network },
    props("state", "the control plane's data and address", true),
  );
  const controlPlane = new ControlPlaneStack(
    app,
    "control-plane",
    { settings, state },
    props("control-plane", "the control plane's machine, which can be thrown away"),
  );
  const hosts = new HostsStack(
    app,
    "hosts",
    { settings, network, registry, url: state.url },
    props("hosts", "dedicated hosts and their Macs"),
  );
  const builder = new BuilderStack(
    app,
    "builder",
    { settings, registry },
    props("builder", "who may build AMIs and push images"),
  );
  Tags.of(app).add("tartfleet:fleet", name);
  return { network, registry, state, controlPlane, hosts, builder };
}
