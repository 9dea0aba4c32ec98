import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = fileURLToPath(new URL("../", import.meta.url));
const TSC = join(root, "node_modules/.bin/tsc");

let consumer: string;
let unpacked: string;

/** A project of somebody's who has nothing of us but the tarball. */
beforeAll(() => {
  consumer = mkdtempSync(join(tmpdir(), "tartfleet-client-"));
  unpacked = join(consumer, "node_modules/@tartfleet/client");
  execFileSync(process.execPath, ["scripts/build.ts"], { cwd: root, stdio: "pipe" });
  execFileSync("npm", ["pack", join(root, "dist"), "--pack-destination", consumer, "--silent"], {
    cwd: consumer,
  });
  const tarball = readdirSync(consumer).find((name) => name.endsWith(".tgz")) ?? "";
  mkdirSync(unpacked, { recursive: true });
  execFileSync("tar", ["xzf", join(consumer, tarball), "-C", unpacked, "--strip-components=1"]);
  writeFileSync(join(consumer, "package.json"), '{"type": "module"}');
});
afterAll(() => rmSync(consumer, { recursive: true, force: true }));

const USE = `
import { createClient, TartfleetError, type VmRecord } from "@tartfleet/client";
const client = createClient({ url: "https://fleet.example.com", token: "t" });
const { vm } = await client.createVm({ image: "channel:xcode", runner: { kind: "script", script: "true" } });
const ended: VmRecord = await client.waitForVm(vm.id, "ended", { signal: AbortSignal.timeout(1000) });
const code: number | null | undefined = ended.scriptResult?.exitCode;
for await (const event of client.followEvents(vm.id)) if (event.type === "state") console.log(event.message, code);
const pool = await client.request("GET /v1/pools/{name}", { path: { name: "xcode" } });
const { hosts } = await client.request("GET /v1/hosts");
const idle: number = hosts.length === 0 ? 0 : pool.idle;
for await (const board of client.watch("GET /v1/fleet/board")) console.log(board, idle);
// @ts-expect-error -- the path has a name
await client.request("GET /v1/pools/{name}");
// @ts-expect-error -- there is no such call
await client.request("GET /v1/pool");
// @ts-expect-error -- there is no such field
await client.createVm({ image: "x", imag: 1 });
// @ts-expect-error -- nor such a state
if (ended.state === "gone") throw new TartfleetError("unreachable", "");
`;

function typeCheck(name: string, text: string, options: object) {
  writeFileSync(join(consumer, name), text);
  const compilerOptions = { target: "ES2023", strict: true, noEmit: true, skipLibCheck: false, ...options };
  writeFileSync(join(consumer, "tsconfig.json"), JSON.stringify({ compilerOptions, files: [name] }));
  const { status, stdout } = spawnSync(TSC, ["-p", consumer], { encoding: "utf8" });
  return { status, stdout };
}

test("a browser's project type-checks with nothing else installed, not even Node's types", () => {
  const browser = { module: "ESNext", moduleResolution: "Bundler", lib: ["ES2023", "DOM"], types: [] };
  expect(typeCheck("use.ts", USE, browser)).toEqual({ status: 0, stdout: "" });
});

test("a Node project type-checks with Node's types alone", () => {
  mkdirSync(join(consumer, "node_modules/@types"), { recursive: true });
  const types = join(root, "node_modules/@types/node");
  cpSync(types, join(consumer, "node_modules/@types/node"), { recursive: true, dereference: true });
  const undici = join(root, "../../node_modules/.pnpm/node_modules/undici-types");
  cpSync(undici, join(consumer, "node_modules/undici-types"), { recursive: true, dereference: true });
  const text = `
import { connect } from "@tartfleet/client/node";
const client = connect({ url: "https://fleet.example.com", token: "t", ca: "" });
const exitCode: number = await client.exec("id", ["true"], { stdout: process.stdout, stdin: process.stdin });
process.exitCode = exitCode;
${USE.replaceAll("client", "other").replace("@tartfleet/other", "@tartfleet/client")}`;
  const node = {
    module: "NodeNext",
    moduleResolution: "NodeNext",
    lib: ["ES2024", "ESNext.Disposable"],
    types: ["node"],
  };
  expect(typeCheck("use-node.ts", text, node)).toEqual({ status: 0, stdout: "" });
});

const importsOf = (file: string) =>
  [...readFileSync(join(unpacked, file), "utf8").matchAll(/(?:from|import) ?\(?"([^"]+)"/g)].map(
    ([, from]) => from ?? "",
  );

test("the types name no package; the main entry needs nothing of Node; what is imported is depended on", () => {
  const files = readdirSync(unpacked);
  const dependencies = Object.keys(
    JSON.parse(readFileSync(join(unpacked, "package.json"), "utf8")).dependencies,
  );
  for (const file of files.filter((name) => name.endsWith(".d.ts"))) {
    expect(
      importsOf(file).filter((from) => !/^(\.\/|node:stream$)/.test(from)),
      file,
    ).toEqual([]);
  }
  const reached = ["index.js"];
  for (const file of reached) {
    for (const from of importsOf(file)) if (from.startsWith("./")) reached.push(from.slice(2));
  }
  expect(
    reached
      .flatMap(importsOf)
      .filter((from) => !from.startsWith("./"))
      .toSorted(),
  ).toEqual(["eventsource-parser", "p-retry"]);
  const others = files.filter((name) => name.endsWith(".js")).flatMap(importsOf);
  expect(others.filter((from) => !/^(\.\/|node:)/.test(from) && !dependencies.includes(from))).toEqual([]);
});
