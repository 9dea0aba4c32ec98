import { parseInstanceName } from "@tartfleet/shared";
import { access, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { TartConfig } from "./config.ts";
import { failed, ok } from "./result.ts";
import type { Tart, TartResult } from "./tart.ts";

const TRIES = 5;
const PAUSE_MS = 300;

interface Commands {
  config: TartConfig;
  quick: (args: readonly [string, ...string[]]) => Promise<TartResult<string>>;
  listLocal: Tart["listLocal"];
}

/**
 * Deletes a VM and believes only the list: releases before 2.40.0 say of a running VM that it does not exist
 * (tart-contract §0.1). A run that was just killed may hold the VM for a moment longer, so it is tried again.
 */
export async function deleteVm(
  { config, quick, listLocal }: Commands,
  name: string,
): Promise<TartResult<void>> {
  for (let tried = 1; ; tried += 1) {
    const deleted = await quick(["delete", name]);
    const listed = await listLocal();
    if (!listed.ok) return listed;
    if (!listed.value.some((vm) => vm.name === name)) {
      await removeRemains(config, name);
      return ok();
    }
    const failure = deleted.ok ? stillThere() : deleted.failure;
    const stillRunning = failure.class === "STILL_RUNNING" || failure.class === "NOT_FOUND";
    if (tried === TRIES || !stillRunning) {
      return failed(
        stillRunning
          ? {
              ...failure,
              class: "STILL_RUNNING",
              message: "tart delete failed. The VM still runs: stop it first.",
            }
          : failure,
      );
    }
    await sleep(PAUSE_MS / config.pace);
  }
}

function stillThere() {
  return {
    class: "STILL_RUNNING" as const,
    command: "delete",
    exitCode: 0,
    signal: null,
    output: "",
    message: "tart delete answered with success, but the VM is still listed.",
  };
}

/** A directory that lacks one of tart's files is invisible to tart and would fill the disk (tart-contract §1.4). */
async function removeRemains(config: TartConfig, name: string): Promise<void> {
  if (!parseInstanceName(name)) return;
  const directory = join(config.tartHome, "vms", name);
  const files = ["config.json", "disk.img", "nvram.bin"].map((file) => access(join(directory, file)));
  const found = (await Promise.allSettled(files)).filter(({ status }) => status === "fulfilled");
  if (found.length < 3) await rm(directory, { recursive: true, force: true });
}
