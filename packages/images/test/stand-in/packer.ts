#!/usr/bin/env node
// `packer init|build` for machines without a Mac: makes the VM of one layer with tart-sim, as its template and the given
// variables say, boots it, and notes in the guest, in ~/.built-by, what would be done there.
import { execa } from "execa";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { parseHcl, readHclFiles } from "../../src/templates/read.ts";
import { readVariables } from "../../src/templates/variables.ts";
import { evaluate, type Scope } from "./expression.ts";

/** What tart-sim has in place of Apple's restore image. */
const RESTORED = process.env["PACKER_RESTORED_IMAGE"] ?? "";

const optionsSchema = z.object({
  from_ipsw: z.string().optional(),
  vm_base_name: z.string().optional(),
  vm_name: z.string().min(1),
  cpu_count: z.coerce.number(),
  memory_gb: z.coerce.number(),
  disk_size_gb: z.coerce.number().optional(),
});
const templateSchema = z.object({
  source: z
    .record(z.string(), z.record(z.string(), z.tuple([z.record(z.string(), z.unknown())])))
    .default({}),
  build: z
    .array(
      z.object({
        name: z.string(),
        provisioner: z.record(z.string(), z.array(z.record(z.string(), z.unknown()))).default({}),
      }),
    )
    .default([]),
});

const [command, ...words] = process.argv.slice(2);
const folder = words.at(-1) ?? "";
if (!existsSync(folder)) throw new Error(`there is no folder ${folder}`);
if (command === "build") await build();
else if (command !== "init") throw new Error(`no packer ${command}`);

async function build(): Promise<void> {
  const [, layer = ""] =
    /^-only=(\w+)\.tart-cli\.\1$/.exec(words.find((word) => word.startsWith("-only=")) ?? "") ?? [];
  const templates = (await Promise.all((await readHclFiles(folder)).map(parseHcl))).map((one) =>
    templateSchema.parse(one),
  );
  const scope: Scope = { variables: await givenVariables(), root: folder };
  const source = templates.flatMap((one) => one.source["tart-cli"]?.[layer] ?? []);
  const provisioners = templates
    .flatMap((one) => one.build.filter(({ name }) => name === layer))
    .map(({ provisioner }) => provisioner);
  if (source[0] === undefined) throw new Error(`there is no layer ${layer}`);
  // What is typed is for a screen.
  const { boot_command, ...rest } = source[0];
  const options = optionsSchema.parse(evaluateAll(rest, scope));
  await makeVm(options, boot_command !== undefined);
  const done = provisioners
    .flatMap((one) => Object.entries(one))
    .flatMap(([kind, blocks]) => blocks.map((block) => ({ kind, ...evaluateAll(block, scope) })));
  await note(options.vm_name, [{ layer, variables: Object.fromEntries(scope.variables) }, ...done]);
}

function evaluateAll(block: Record<string, unknown>, scope: Scope): Record<string, unknown> {
  return Object.fromEntries(Object.entries(block).map(([name, value]) => [name, evaluate(value, scope)]));
}

/** Defaults, a variable file's, and those of the command line, the later before the earlier. */
async function givenVariables(): Promise<Map<string, unknown>> {
  const variables = await readVariables(folder);
  const set = (name: string, value: unknown) => {
    if (!variables.has(name)) throw new Error(`no variable ${name} is declared`);
    const isList = Array.isArray(variables.get(name)) && typeof value === "string";
    variables.set(name, isList ? JSON.parse(value) : value);
  };
  for (const word of words.filter((one) => one.startsWith("-var-file="))) {
    const path = word.slice("-var-file=".length);
    const file = await parseHcl({ path, text: await readFile(path, "utf8") });
    for (const [name, value] of Object.entries(file)) set(name, value);
  }
  for (const [index, word] of words.entries()) {
    if (word !== "-var") continue;
    const [, name = "", value] = /^(\w+)=(.*)$/s.exec(words[index + 1] ?? "") ?? [];
    set(name, value);
  }
  return variables;
}

async function makeVm(options: z.output<typeof optionsSchema>, isTyped: boolean): Promise<void> {
  const { from_ipsw, vm_base_name, vm_name, cpu_count, memory_gb, disk_size_gb } = options;
  if (from_ipsw !== undefined && !existsSync(from_ipsw))
    throw new Error(`there is no restore image ${from_ipsw}`);
  if (from_ipsw !== undefined && !isTyped) throw new Error("nobody goes through the Setup Assistant");
  await tart("clone", from_ipsw === undefined ? (vm_base_name ?? "") : RESTORED, vm_name);
  await tart("set", vm_name, "--cpu", String(cpu_count), "--memory", String(memory_gb * 1024));
  if (disk_size_gb !== undefined) await tart("set", vm_name, "--disk-size", String(disk_size_gb));
}

async function note(vm: string, lines: readonly object[]): Promise<void> {
  const running = execa("tart", ["run", "--no-graphics", vm], { reject: false });
  await tart("ip", vm, "--resolver", "agent", "--wait", "120");
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
  await execa("tart", ["exec", "-i", vm, "/bin/sh", "-c", "cat >> ~/.built-by"], { input: text });
  await tart("stop", vm);
  await running;
}

async function tart(...args: string[]): Promise<void> {
  await execa("tart", args, { stdout: "inherit", stderr: "inherit" });
}
