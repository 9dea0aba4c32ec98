import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isRecord } from "../host/shape.ts";
import { hold, need } from "./bench.ts";
import type { Check } from "./check.ts";

/** Names, listings and files: what does not need a running VM. */
export const storageChecks: readonly Check[] = [
  {
    number: 2,
    title: "stop, ip, delete and get of a missing VM exit 2 without a prefix",
    async run({ tart }) {
      for (const command of ["stop", "ip", "delete", "get"])
        need(await tart([command, "missing"]), 2, {
          stdout: "",
          stderr: 'the specified VM "missing" does not exist\n',
        });
    },
  },
  {
    number: 3,
    title: "stop of a stopped VM exits 2",
    async run({ tart, blankVm }) {
      const vm = await blankVm();
      need(await tart(["stop", vm]), 2, { stderr: `VM "${vm}" is not running\n` });
    },
  },
  {
    number: 12,
    title: "clone onto an existing name replaces it, or newer releases refuse with 64",
    async run({ tart, blankVm, quirks }) {
      const [from, to] = [await blankVm(), await blankVm()];
      need(await tart(["set", from, "--cpu", "3"]), 0);
      const cloned = await tart(["clone", from, to]);
      if (quirks.has("cloneRefusesExisting")) need(cloned, 64, { stderr: /already exists/ });
      else {
        need(cloned, 0, { stdout: "", stderr: "" });
        need(await tart(["get", to, "--format", "json"]), 0, { stdout: /"CPU"\s*:\s*3/ });
      }
    },
  },
  {
    number: 13,
    title: "list --format json has the documented keys and types",
    async run({ list, blankVm, quirks }) {
      const vm = await blankVm();
      const entry = (await list()).find(({ Name }) => Name === vm);
      hold(entry !== undefined, `${vm} is not listed`);
      const types = Object.fromEntries(Object.entries(entry).map(([key, value]) => [key, typeof value]));
      const { Accessed: accessed, SizeOnDisk: sizeOnDisk, ...rest } = types;
      const wanted = {
        Source: "string",
        Name: "string",
        Disk: "number",
        Size: "number",
        Running: "boolean",
        State: "string",
      };
      for (const [key, type] of Object.entries(wanted))
        hold(rest[key] === type, `${key} is a ${String(rest[key])}, not a ${type}`);
      if (quirks.has("listHasAccessed")) {
        hold(
          /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(String(entry["Accessed"])),
          "Accessed is no ISO 8601 time",
        );
        hold(sizeOnDisk === undefined, "SizeOnDisk should be gone");
      } else hold(sizeOnDisk === "number" && accessed === undefined, "SizeOnDisk should be a number");
      hold(entry["Source"] === "local" && entry.State === "stopped", "Source or State is wrong");
    },
  },
  {
    number: 14,
    title: "get --format json has Size as a string",
    async run({ tart, blankVm }) {
      const got: unknown = JSON.parse((await tart(["get", await blankVm(), "--format", "json"])).stdout);
      hold(isRecord(got), "get answered no object");
      hold(
        typeof got["Size"] === "string" && /^\d+\.\d{3}$/.test(got["Size"]),
        `Size is ${JSON.stringify(got["Size"])}`,
      );
      hold(
        got["OS"] === "linux" && got["State"] === "stopped" && got["Running"] === false,
        "OS, State or Running is wrong",
      );
      hold(
        !("Name" in got) && typeof got["CPU"] === "number" && typeof got["Memory"] === "number",
        "keys are wrong",
      );
    },
  },
  {
    number: 15,
    title: "an empty list is an empty line, nothing, or an empty array",
    run: ({ tart }) =>
      withEmptyHome(async (env) => {
        need(await tart(["list"], { env }), 0, { stdout: /^\n?$/ });
        need(await tart(["list", "--quiet"], { env }), 0, { stdout: "" });
        need(await tart(["list", "--format", "json"], { env }), 0, { stdout: /^\[\s*\]\s*$/ });
      }),
  },
  {
    number: 19,
    title: "exec on a stopped VM exits 2",
    async run({ tart, blankVm }) {
      const vm = await blankVm();
      need(await tart(["exec", vm, "true"]), 2, { stderr: `VM "${vm}" is not running\n` });
    },
  },
  {
    number: 23,
    title: "rename refuses missing and existing names with 64",
    async run({ tart, blankVm, newName, stateOf }) {
      const [one, two, three] = [await blankVm(), await blankVm(), newName()];
      need(await tart(["rename", "missing", three]), 64, {
        stderr: /^Error: failed to rename a non-existent local VM: missing\n/,
      });
      need(await tart(["rename", one, two]), 64, {
        stderr: /^Error: failed to rename VM .*, target VM .* already exists, delete it first!\n/,
      });
      need(await tart(["rename", one, three]), 0, { stdout: "", stderr: "" });
      hold(
        (await stateOf(three)) === "stopped" && (await stateOf(one)) === undefined,
        "the name did not change",
      );
    },
  },
  {
    number: 24,
    title: "an unknown flag exits 64 with usage",
    async run({ tart }) {
      need(await tart(["list", "--no-such-flag"]), 64, {
        stdout: "",
        stderr:
          /^Error: Unknown option '--no-such-flag'.*\nUsage: tart list [^\n]*\n {2}See 'tart list --help' for more information\.\n$/,
      });
    },
  },
  {
    number: 26,
    title: "leftovers in tmp go with every command but pull and clone",
    async run({ tart, home, blankVm, newName }) {
      const vm = await blankVm();
      const leftover = join(home, "tmp", `conformance-${newName()}`);
      mkdirSync(leftover, { recursive: true });
      need(await tart(["clone", vm, newName()]), 0);
      hold(existsSync(leftover), "clone took the leftover away");
      need(await tart(["list"]), 0);
      hold(!existsSync(leftover), "list left it there");
    },
  },
];

export async function withEmptyHome(body: (env: { TART_HOME: string }) => Promise<void>): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), "tart-home-"));
  try {
    await body({ TART_HOME: home });
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
