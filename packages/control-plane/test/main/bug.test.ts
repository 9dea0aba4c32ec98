import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { call, IMAGE } from "../helpers/plane.ts";
import { run, tempFolder } from "../helpers/program.ts";

const REJECTER = fileURLToPath(new URL("../support/rejecter.ts", import.meta.url));

it("a bug that no call waits for ends the program at once and cleanly; the next start has all that was accepted", async () => {
  const folder = tempFolder();
  const args = ["--listen", "127.0.0.1:0", "--data-dir", folder.path];
  const first = run(args, { NODE_OPTIONS: `--import ${REJECTER}` });
  const { url, adminTokenFile } = await first.listening();
  const token = readFileSync(String(adminTokenFile), "utf8").trim();
  const { body: vm } = await call(String(url), "POST", "/v1/vms", { token, json: { image: IMAGE } });
  first.kill("SIGUSR2");
  expect(await first.exited).toBe(70);
  expect(first.lines().at(-1)).toMatchObject({
    level: "fatal",
    msg: "cannot go on",
    err: { message: "a bug that nobody expected" },
  });

  const second = run(args);
  const again = await second.listening();
  const { body } = await call(String(again["url"]), "GET", `/v1/vms/${vm.id}`, { token });
  // The time in between counts for no deadline.
  expect(body).toEqual({ ...vm, deadlineAt: expect.any(String) });
  expect(String(body.deadlineAt) >= String(vm.deadlineAt)).toBe(true);
  second.kill("SIGTERM");
  expect(await second.exited).toBe(0);
  folder.remove();
});
