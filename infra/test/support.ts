import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Template } from "aws-cdk-lib/assertions";
import { makeFleet } from "../src/fleet.ts";
import { parseSettings, type Settings } from "../src/settings.ts";

export const AMI = "ami-0123456789abcdef0";

type Json = Record<string, Record<string, unknown>>;

/** fleet.example.json as it is. */
export const example = (): Json =>
  JSON.parse(readFileSync(new URL("../fleet.example.json", import.meta.url), "utf8")) as Json;

/** Settings that show all that there is: two hosts, one of them without an instance. */
export function settingsWith(changes: Record<string, unknown> = {}): Settings {
  const given = example();
  const hosts = [
    { name: "mac-1", availabilityZone: "eu-central-1a", labels: { chip: "m1", rack: "aws" } },
    { name: "mac-2", availabilityZone: "eu-central-1b", instance: false },
  ];
  return parseSettings({
    ...given,
    network: { ...given["network"], availabilityZones: ["eu-central-1a", "eu-central-1b"] },
    controlPlane: { ...given["controlPlane"], clientCidrs: ["10.0.0.0/8"] },
    macs: { ...given["macs"], ami: AMI, hosts },
    ...changes,
  });
}

const OUT = fileURLToPath(new URL("../cdk.out/test", import.meta.url));
let made = 0;

/** Into a folder that the next run writes anew, and without a copy of the checkout. */
export function fleetOf(settings: Settings) {
  const outdir = join(OUT, String((made += 1)));
  return makeFleet(settings, { outdir, context: { "aws:cdk:disable-asset-staging": true } });
}

type Fleet = ReturnType<typeof fleetOf>;
export type StackName = Exclude<keyof Fleet, "app">;

/** What is handed to CloudFormation. Synthesising it fails when it breaks CloudFormation's own schemas. */
export function templatesOf(settings: Settings): Record<StackName, Template> {
  const fleet = fleetOf(settings);
  const of = (name: StackName) => Template.fromStack(fleet[name]);
  return {
    network: of("network"),
    registry: of("registry"),
    state: of("state"),
    controlPlane: of("controlPlane"),
    hosts: of("hosts"),
    builder: of("builder"),
  };
}

interface Resource {
  Properties: Record<string, unknown>;
  DeletionPolicy?: string;
}

/** The resources of a type, in their order. */
export function resources(template: Template, type: string): Resource[] {
  return Object.values(template.findResources(type)) as Resource[];
}
