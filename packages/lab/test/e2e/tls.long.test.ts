import { rm } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { githubVm, hostOf, scriptVm } from "../support/lab.ts";
import { useLab } from "../support/use-lab.ts";

const lab = useLab({ controlPlane: { "tls-self-signed": true } });

test("a whole life over TLS with the control plane's own certificate: create, ready, job, gone", async () => {
  expect(lab.fleet.url()).toMatch(/^https:/);
  const vm = await lab.fleet.ci.createVm(githubVm(lab.github, "over-tls", { seconds: 0.3 }));
  const end = await lab.fleet.ci.waitForVm(vm.id, "ended");
  expect(end).toMatchObject({
    state: "deleted",
    end: { reason: "runner_exited" },
    job: { state: "ended", details: { repository: "acme/app" } },
  });
  expect(await lab.github.settled("over-tls")).toMatchObject({ result: "delivered", conclusion: "success" });
  const announced = (await lab.fleet.ci.vmEvents(vm.id)).filter(({ type }) => type === "end_announced");
  expect(announced.map(({ source, data }) => [source, data["phase"]])).toEqual([
    ["hook", "job_hook"],
    ["guest", "runner_exited"],
  ]);
});

test("the guest's curl takes the control plane by the certificate it was given, and nobody without it", async () => {
  const { id } = await lab.fleet.ci.createVm(
    scriptVm(`. ~/.tartfleet/vm.env
try() { curl -sS -o /dev/null -w '%{http_code}' "$@" "$TARTFLEET_URL/healthz" 2>/dev/null; echo " $?"; }
try --cacert "$TARTFLEET_CA_FILE"
try`),
  );
  const { scriptResult } = await lab.fleet.ci.waitForVm(id, "ended");
  expect(scriptResult?.output).toBe("200 0\n000 60\n");
});

test("curl on a CI system verifies it by its certificate or by the pin of its token", async () => {
  const url = `${lab.fleet.url()}/v1/fleet/capacity`;
  const pin = Buffer.from(lab.fleet.ciToken.split(".")[1] ?? "", "base64url").toString("base64");
  const certificate = join(lab.fleet.dir, "control-plane/tls/certificate.pem");
  const ask = async (...how: string[]) => {
    const config = `header = "Authorization: Bearer ${lab.fleet.ciToken}"\n`;
    const args = ["-sS", "-K", "-", "-o", "/dev/null", "-w", "%{http_code}", ...how, url];
    const { stdout, exitCode } = await execa("curl", args, { input: config, reject: false });
    return [stdout, exitCode];
  };
  expect(await ask("--cacert", certificate)).toEqual(["200", 0]);
  expect(await ask("-k", "--pinnedpubkey", `sha256//${pin}`)).toEqual(["200", 0]);
  expect(await ask("-k", "--pinnedpubkey", `sha256//${"A".repeat(43)}=`)).toEqual(["000", 90]);
  expect(await ask()).toEqual(["000", 60]);
});

test("after a restart the key is the same and the agent is back by itself", async () => {
  const agent = hostOf(lab.fleet, "mac-1").agent.pid;
  // The certificate may be made anew; it is the key that is trusted.
  await rm(join(lab.fleet.dir, "control-plane/tls/certificate.pem"));
  await lab.fleet.controlPlane.restart();
  const { id } = await lab.fleet.ci.createVm(scriptVm("echo back"));
  const end = await lab.fleet.ci.waitForVm(id, "ended");
  expect(end.scriptResult?.output).toBe("back\n");
  expect(hostOf(lab.fleet, "mac-1").agent.pid).toBe(agent);
});
