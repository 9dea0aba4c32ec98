import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Context } from "@tartfleet/cli/src/context.ts";
import { styleOf } from "@tartfleet/cli/src/output/style.ts";
import { CONTROL_PLANE } from "../../src/fleet/control-plane.ts";
import { makeProgram } from "@tartfleet/cli/src/program.ts";

const CLI = fileURLToPath(new URL("../../../cli/dist/main.mjs", import.meta.url));
const IMAGE = "ghcr.io/org/image:15";

/** Operations that no person calls: agents, guests and tunnels do, by their own programs. */
const NOT_FOR_PEOPLE = new Set(["POST /v1/hosts", "POST /v1/vms/{id}/events"]);

let dir: string;
let plane: ReturnType<typeof spawn>;
let token: string;
let url: string;
const reached = new Set<string>();
/** Notes each call and passes it on. */
const door = createServer((incoming, outgoing) => {
  reached.add(`${incoming.method} ${new URL(incoming.url ?? "/", url).pathname}`);
  const onward = httpRequest(new URL(incoming.url ?? "/", url), {
    method: incoming.method,
    headers: incoming.headers,
  });
  onward.on("response", (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    outgoing.flushHeaders();
    answer.pipe(outgoing);
  });
  onward.on("error", () => outgoing.destroy());
  outgoing.on("close", () => onward.destroy());
  incoming.pipe(onward);
});

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "tartfleet-operations-"));
  const args = ["--listen", "127.0.0.1:0", "--data-dir", dir, "--webhook-allow-private"];
  plane = spawn(process.execPath, [CONTROL_PLANE, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  if (!plane.stdout) throw new Error("it has no stdout");
  for await (const line of createInterface({ input: plane.stdout })) {
    const said = JSON.parse(line) as { msg: string; url: string };
    if (said.msg !== "listening") continue;
    ({ url } = said);
    break;
  }
  token = (await readFile(join(dir, "admin-token"), "utf8")).trim();
  door.listen(0, "127.0.0.1");
  await once(door, "listening");
});
afterAll(async () => {
  door.closeAllConnections();
  door.close();
  plane.kill();
  await once(plane, "close");
  await rm(dir, { recursive: true, force: true });
});

const doorUrl = () => `http://127.0.0.1:${(door.address() as AddressInfo).port}`;
const environment = () => ({ TARTFLEET_URL: doorUrl(), TARTFLEET_TOKEN: token, HOME: dir });

/** Runs a command in this process, and returns its document. */
async function tartfleet(line: string): Promise<Record<string, never>> {
  let text = "";
  const style = () => styleOf({}, {}, Date.now());
  const context: Context = {
    env: environment(),
    now: Date.now,
    uniqueId: () => `key-${reached.size}-${Date.now()}`,
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    exitWith: () => {},
    out: { write: (part) => void (text += part), style },
    err: { write: () => {}, style },
  };
  await makeProgram(context, "0").parseAsync([...line.split(" "), "--json"], { from: "user" });
  return text.startsWith("{") ? JSON.parse(text) : {};
}

test("whatever the API can do, the command line can", async () => {
  const vm = await tartfleet(`vm create --image ${IMAGE} --name build-1`);
  const enrolled = await fetch(`${url}/v1/hosts`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ name: "mac-1", machineId: "machine-1" }),
  });
  expect(enrolled.status).toBe(201);

  for (const line of [
    "vm list",
    `vm get ${vm["id"]}`,
    `vm explain ${vm["id"]}`,
    `vm events ${vm["id"]}`,
    "host list",
    "host get mac-1",
    "host attempts mac-1",
    "host cordon mac-1 --reason update",
    "host uncordon mac-1",
    "host drain mac-1 --reason update",
    "top",
    "queue",
    "capacity",
    "history wait",
    "report",
    "image list",
    "image prune --dry-run",
    "channel set ios ghcr.io/org/image:15",
    "channel list",
    "channel show ios",
    "channel rollout ios ghcr.io/org/image:16",
    "channel rollback ios",
    "channel remove ios",
    `pool set ios --image ${IMAGE} --min-idle 1`,
    "pool list",
    "pool get ios",
    "pool remove ios",
    "team set ios --weight 2",
    "team list",
    "team remove ios",
    "webhook list",
    `webhook create ci --target ${doorUrl()}/nowhere --event channel.completed`,
    "webhook get ci",
    "webhook set ci --template slack",
    "webhook rotate ci",
    "webhook dead ci",
    "webhook replay ci",
    "audit list",
  ])
    await tartfleet(line);

  // A VM that waits has no instance that could be held.
  for (const line of [`vm hold ${vm["id"]} 30m`, `vm unhold ${vm["id"]}`])
    await expect(tartfleet(line)).rejects.toThrow("no instance that could be held");
  await expect(tartfleet("webhook test ci")).rejects.toThrow("HTTP 404");
  await tartfleet("webhook remove ci");
  const plan = await tartfleet(`image pin ${IMAGE} --reason needed`);
  await tartfleet(`image plans ${plan["id"]}`);
  await tartfleet("image plans");
  await tartfleet(`image cancel ${plan["id"]}`);
  const made = await tartfleet("token create --role viewer --name ana");
  await tartfleet("token list");
  await tartfleet(`token rotate ${made["id"]}`);
  await tartfleet(`token revoke ${made["id"]}`);
  await tartfleet(`vm delete ${vm["id"]}`);
  // Of a VM that has ended it says so at once.
  await expect(tartfleet(`vm wait ${vm["id"]} --for ready --timeout 20s`)).rejects.toThrow();
  await tartfleet("host revoke mac-1");
  await tartfleet("host remove mac-1 --force");

  const watching = spawn(process.execPath, [CLI, "host", "list", "--watch", "--json"], {
    env: { ...environment(), PATH: process.env["PATH"] },
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(watching.stdout, "data");
  watching.kill("SIGINT");
  await once(watching, "close");

  const document = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: Record<string, object> };
  const operations = Object.entries(document.paths)
    .filter(([path]) => path.startsWith("/v1/"))
    .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`));
  const isReached = (operation: string) => {
    const pattern = new RegExp(`^${operation.replaceAll(/\{.*?\}/g, "[^/]+")}$`);
    return [...reached].some((call) => pattern.test(call));
  };
  expect(operations.filter((operation) => !isReached(operation) && !NOT_FOR_PEOPLE.has(operation))).toEqual(
    [],
  );
  // And nothing is excused that is not there.
  expect(operations).toEqual(expect.arrayContaining([...NOT_FOR_PEOPLE]));
});
