import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ECR_ACTIONS } from "@tartfleet/agent/src/registry/ecr/actions.ts";
import { describe, expect, test } from "vitest";
import { resources, settingsWith, templatesOf, type StackName } from "./support.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

interface Statement {
  Sid: string;
  Effect: string;
  Action: string | string[];
  Resource: unknown;
}

const list = <T>(one: T | T[]): T[] => (Array.isArray(one) ? one : [one]);

const asUsual = templatesOf(settingsWith());

/** What the roles of a stack may do, by the statement that allows it. */
function allowed(
  name: StackName,
  templates = asUsual,
): Record<string, { actions: string[]; resource: string }> {
  const policies = resources(templates[name], "AWS::IAM::Policy");
  const statements = policies.flatMap(
    ({ Properties }) => (Properties["PolicyDocument"] as { Statement: Statement[] }).Statement,
  );
  expect(statements.every(({ Effect }) => Effect === "Allow")).toBe(true);
  return Object.fromEntries(
    statements.map(({ Sid, Action, Resource }) => [
      Sid,
      { actions: list(Action).sort(), resource: JSON.stringify(Resource) },
    ]),
  );
}

/** The actions behind the requests of a registry's clients. */
const BEHIND_REQUESTS = {
  "GET /v2/…/manifests/…": "ecr:BatchGetImage",
  "HEAD /v2/…/manifests/…": "ecr:BatchGetImage",
  "GET /v2/…/blobs/…": "ecr:GetDownloadUrlForLayer",
  "HEAD /v2/…/blobs/…": "ecr:BatchCheckLayerAvailability",
  "POST /v2/…/blobs/uploads/": "ecr:InitiateLayerUpload",
  "PATCH /v2/…/blobs/uploads/…": "ecr:UploadLayerPart",
  "PUT /v2/…/blobs/uploads/…": "ecr:CompleteLayerUpload",
  "PUT /v2/…/manifests/…": "ecr:PutImage",
} as const;

/** What `tart pull` and `tart push` send (reference: tart's Registry.swift), and the agent when it asks for a tag's digest. */
const PULL = [
  "GET /v2/…/manifests/…",
  "HEAD /v2/…/manifests/…",
  "GET /v2/…/blobs/…",
  "HEAD /v2/…/blobs/…",
] as const;
const PUSH = [
  "HEAD /v2/…/blobs/…",
  "POST /v2/…/blobs/uploads/",
  "PATCH /v2/…/blobs/uploads/…",
  "PUT /v2/…/blobs/uploads/…",
  "PUT /v2/…/manifests/…",
] as const;

const actionsOf = (requests: readonly (keyof typeof BEHIND_REQUESTS)[]) => [
  ...new Set(requests.map((request) => BEHIND_REQUESTS[request])),
];

/** Commands of the AWS CLI that are not named after the one action that they take. */
const BEHIND_COMMANDS: Record<string, string> = {
  "ecr get-login-password": "ecr:GetAuthorizationToken",
  "s3 cp": "s3:GetObject",
};

const camel = (operation: string) =>
  operation.replaceAll(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());

/** Outside of comments: `aws`, options with a value each, the service and the operation. */
const AWS_COMMAND = /^[^#\n]*\baws(?: --[a-z-]+ \S+)* ([a-z0-9-]+) ([a-z0-9-]+)/gm;

/** The actions behind the AWS commands of all scripts in these folders. */
function actionsOfScripts(...folders: string[]): Set<string> {
  const scripts = folders.flatMap((folder) =>
    readdirSync(`${ROOT}${folder}`, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".sh") && !name.includes("node_modules"))
      .map((name) => readFileSync(`${ROOT}${folder}/${name}`, "utf8")),
  );
  const commands = scripts.flatMap((text) => [...text.matchAll(AWS_COMMAND)]);
  return new Set(
    commands.map(
      ([, service = "", operation = ""]) =>
        BEHIND_COMMANDS[`${service} ${operation}`] ?? `${service}:${camel(operation)}`,
    ),
  );
}

/** What packer's amazon-ebs calls, step by step (builder/ebs/builder.go of plugin 1.8), some only with an option. */
const STEPS: { step: string; option?: string; actions: string[] }[] = [
  { step: "PreValidate", actions: ["ec2:DescribeRegions", "ec2:DescribeImages"] },
  { step: "NetworkInfo", option: "subnet_id", actions: ["ec2:DescribeSubnets"] },
  { step: "KeyPair", actions: ["ec2:CreateKeyPair", "ec2:DeleteKeyPair"] },
  {
    step: "SecurityGroup",
    actions: [
      "ec2:CreateSecurityGroup",
      "ec2:DescribeSecurityGroups",
      "ec2:AuthorizeSecurityGroupIngress",
      "ec2:DeleteSecurityGroup",
    ],
  },
  {
    step: "RunSourceInstance",
    actions: ["ec2:RunInstances", "ec2:DescribeInstances", "ec2:CreateTags", "ec2:TerminateInstances"],
  },
  { step: "CleanupVolumes", actions: ["ec2:DescribeVolumes", "ec2:DeleteVolume"] },
  { step: "StopEBSBackedInstance", actions: ["ec2:StopInstances"] },
  { step: "ModifyEBSBackedInstance", option: "ena_support", actions: ["ec2:ModifyInstanceAttribute"] },
  { step: "CreateAMI", actions: ["ec2:CreateImage", "ec2:DeregisterImage", "ec2:DeleteSnapshot"] },
  { step: "EnableDeprecation", option: "deprecate_at", actions: ["ec2:EnableImageDeprecation"] },
  { step: "ModifyAMIAttributes", option: "ami_description", actions: ["ec2:ModifyImageAttribute"] },
];

/** Options with which packer would need more than the role has. */
const BEYOND = {
  ami_regions: "ec2:CopyImage",
  encrypt_boot: "ec2:CopyImage",
  snapshot_users: "ec2:ModifySnapshotAttribute",
  spot_price: "ec2:CreateFleet",
  deregistration_protection: "ec2:EnableImageDeregistrationProtection",
  temporary_iam_instance_profile_policy_document: "iam:CreateRole",
};

/** The names of what templates set. */
function optionsOf(folder: string): Set<string> {
  const templates = readdirSync(`${ROOT}${folder}`).filter((name) => name.endsWith(".pkr.hcl"));
  const texts = templates.map((name) => readFileSync(`${ROOT}${folder}/${name}`, "utf8"));
  return new Set(
    texts.flatMap((text) => [...text.matchAll(/^ {2}([a-z_]+) *[={]/gm)].map(([, name = ""]) => name)),
  );
}

describe("a Mac", () => {
  test("may call what tart and the agent send to a registry, on the fleet's repositories alone", () => {
    const { Pull, Token } = allowed("hosts");
    expect(Pull?.actions).toEqual(actionsOf(PULL).sort());
    expect(Pull?.resource).toContain("tartfleet-registry:");
    expect(Pull?.resource).not.toContain("*");
    expect(Pull?.actions).toEqual([...ECR_ACTIONS.pull].sort());
    expect(Token?.actions).toEqual([ECR_ACTIONS.token]);
  });

  test("may read its enrolment token and no other parameter, which is all that its boot scripts ask AWS for", () => {
    const { Enrol } = allowed("hosts");
    expect(new Set(Enrol?.actions)).toEqual(actionsOfScripts("packer/host/boot"));
    expect(Enrol?.resource).toContain(":ssm:eu-central-1:123456789012:parameter/tartfleet/enrolment-token");
    expect(Enrol?.resource).not.toContain("*");
  });

  test("has sessions when they are wanted, and nothing else", () => {
    const settings = settingsWith();
    const macs = { ...settings.macs, sessionManager: false };
    expect(Object.keys(allowed("hosts")).sort()).toEqual(["Enrol", "Pull", "Sessions", "Token"]);
    expect(Object.keys(allowed("hosts", templatesOf({ ...settings, macs }))).sort()).toEqual([
      "Enrol",
      "Pull",
      "Token",
    ]);
  });
});

describe("the control plane's machine", () => {
  test("may fetch its program and have sessions; its boot script asks AWS for nothing else", () => {
    const { Program, Sessions, ...others } = allowed("controlPlane");
    expect(others).toEqual({});
    expect(new Set(Program?.actions)).toEqual(actionsOfScripts("infra/boot"));
    expect(Program?.resource).toMatch(/cdk-hnb659fds-assets-123456789012-eu-central-1\/[0-9a-f]{64}\.zip/);
    expect(Sessions?.actions.every((action) => action.startsWith("ssm"))).toBe(true);
  });
});

describe("who builds", () => {
  test("may push and pull as tart does, on the fleet's repositories alone", () => {
    const { Push } = allowed("builder");
    expect(Push?.actions).toEqual([...new Set(actionsOf([...PULL, ...PUSH]))].sort());
    expect(Push?.actions).toEqual(expect.arrayContaining([...ECR_ACTIONS.push]));
    expect(Push?.resource).not.toContain("*");
  });

  test("may do what packer's steps do with the options of packer/host, and nothing else", () => {
    const { Build, Look } = allowed("builder");
    const options = optionsOf("packer/host");
    for (const [option, action] of Object.entries(BEYOND)) expect(options, action).not.toContain(option);
    const needed = STEPS.flatMap(({ option, actions }) =>
      option === undefined || options.has(option) ? actions : [],
    );
    expect([...(Build?.actions ?? []), ...(Look?.actions ?? [])].sort()).toEqual([...new Set(needed)].sort());
  });

  test("may change machines of this account and region alone, and pass on no role", () => {
    const { Build, Look, Token, Push: _push, ...others } = allowed("builder");
    expect(others).toEqual({});
    expect(Build?.resource).toContain(":ec2:eu-central-1:123456789012:*");
    expect(Look?.actions.every((action) => action.startsWith("ec2:Describe"))).toBe(true);
    expect(Token?.actions).toEqual(["ecr:GetAuthorizationToken"]);
  });
});

test("no role is allowed a pattern of actions", () => {
  const all = (["controlPlane", "hosts", "builder"] as const).flatMap((name) => Object.values(allowed(name)));
  expect(all.flatMap(({ actions }) => actions).filter((action) => action.includes("*"))).toEqual([]);
});
