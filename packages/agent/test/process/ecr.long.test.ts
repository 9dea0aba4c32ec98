import { dockerRegistryIsMissing } from "@tartfleet/tart-sim";
import { execa } from "execa";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ECR_ACTIONS } from "../../src/registry/ecr/actions.ts";
import { ecrBench } from "../registry/ecr/bench.ts";
import { assignment as anyAssignment, gone } from "../support/assignments.ts";
import { until } from "../support/until.ts";
import { MACOS, onStage, type Stage } from "./stage.ts";

const missing = dockerRegistryIsMissing() ?? (process.platform === "linux" ? undefined : "there is no /proc");

/** Of every process that may be looked at. */
async function processes(file: "cmdline" | "environ"): Promise<string[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  return Promise.all(pids.map((pid) => readFile(`/proc/${pid}/${file}`, "latin1").catch(() => "")));
}

async function textsIn(folder: string): Promise<string[]> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  return Promise.all(
    files.filter((file) => file.isFile()).map((file) => readFile(join(file.parentPath, file.name), "latin1")),
  );
}

/** Pushes the image as somebody who has the right to. */
async function push({ mac }: Stage, image: string, password: string): Promise<void> {
  const env = { ...mac.env, TART_REGISTRY_USERNAME: "AWS", TART_REGISTRY_PASSWORD: password };
  await execa("tart", ["clone", MACOS, "built"], { env, extendEnv: false });
  await execa("tart", ["push", "built", image], { env, extendEnv: false });
  await execa("tart", ["delete", "built"], { env, extendEnv: false });
}

const told = (stage: Stage, n: number) =>
  stage.plane.reports.filter(({ vmId }) => vmId === anyAssignment(n).vmId);

describe.skipIf(missing)(`an agent on an instance with a role${missing ? ` (${missing})` : ""}`, () => {
  test("has VMs of an image in ECR, whatever becomes of its token, and shows that token to nobody", async () => {
    await using bench = await ecrBench();
    const { aws, image } = bench;
    const options = { host: { registries: bench.registries }, baseEnv: { ...process.env, ...bench.env } };
    await onStage(options, async (stage) => {
      await push(stage, image, aws.issue());
      expect(Object.values(ECR_ACTIONS).flat()).toEqual(expect.arrayContaining(aws.takeActions()));
      const wanted = (n: number) => anyAssignment(n, { image });
      /** Until the nth VM has come up or failed; nothing of it or its image is left for the next one. */
      async function bringUp(n: number): Promise<unknown> {
        stage.plane.want(wanted(n));
        const isOver = () => told(stage, n).some((report) => report.kind === "failed" || isReady(report));
        await until(`VM ${n}`, isOver);
        const failed = told(stage, n).find(({ kind }) => kind === "failed");
        stage.plane.want(gone(wanted(n)));
        await until(`VM ${n} gone`, () => told(stage, n).some(({ kind }) => kind === "gone"));
        if (!failed) await stage.tart("delete", image);
        return failed ?? "ready";
      }
      const isReady = (report: object) => "phase" in report && report.phase === "ready";

      stage.mac.setFaults([{ match: { cmd: "pull", nth: 1 }, action: "stall" }]);
      const agent = stage.agent();
      stage.plane.want(wanted(1));
      const partial = join(stage.mac.tartHome, "tmp");
      await until("a pull under way", async () => {
        const files = await readdir(partial, { recursive: true }).catch((): string[] => []);
        return files.some((file) => file.includes("sha256"));
      });
      const [, token = "none"] = aws.passwords();
      expect((await processes("environ")).some((text) => text.includes(token))).toBe(true);
      const lines = await processes("cmdline");
      expect(lines.some((line) => line.includes(`pull\0${image}\0`))).toBe(true);
      expect(lines.filter((line) => line.includes(token))).toEqual([]);
      stage.plane.want(gone(wanted(1)));
      await until("VM 1 gone", () => told(stage, 1).some(({ kind }) => kind === "gone"));

      expect(await bringUp(2)).toBe("ready");
      aws.revoke();
      expect(await bringUp(3)).toBe("ready");
      // The policy of a host's role is judged by that list: nothing more may be asked.
      expect([ECR_ACTIONS.token, ...ECR_ACTIONS.pull]).toEqual(expect.arrayContaining(aws.takeActions()));
      aws.deny("ecr:BatchGetImage");
      expect(await bringUp(4)).toMatchObject({
        error: {
          code: "image_auth_failed",
          message: expect.stringMatching(/AWS does not let arn:\S+ do ecr:BatchGetImage/),
          facts: { cause: "aws_access_denied" },
        },
      });
      await aws.stopRegistry();
      expect(await bringUp(5)).toMatchObject({ error: { code: "registry_unreachable" } });

      const shown = [
        agent.log(),
        JSON.stringify(stage.plane.reports),
        ...(await textsIn(join(stage.dir, "data"))),
      ];
      for (const secret of aws.passwords()) expect(shown.filter((text) => text.includes(secret))).toEqual([]);
      expect(aws.passwords().length).toBeGreaterThan(2);
    });
  });
});
