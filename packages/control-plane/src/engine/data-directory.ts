import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseToken, writeToken } from "@tartfleet/shared";
import { openDatabase } from "../store/database.ts";
import { DatabaseUnusableError, messageOf, passesByItself } from "../store/faults.ts";
import { makeStore } from "../store/store.ts";
import { startControlPlane, type ControlPlane, type Ingredients } from "./control-plane.ts";
import type { Identity } from "./identity.ts";
import { randomId } from "./secrets.ts";
import { readOrMakeKey, type KeySource } from "./secrets-key.ts";
import { watchStorage, type StorageHealth, type WatchLog } from "./storage-watch.ts";
import type { Caller } from "./use-cases.ts";

/** The control plane's own doing at its first start. */
const ITSELF: Caller = {
  principal: { kind: "token", tokenId: "first-start", role: "admin", name: "control plane", team: null },
  requestId: "first-start",
  address: null,
};

/**
 * Opens a data directory and starts a control plane on it; `identify` is called once the directory is ours. At the first start an admin token is written to
 * `admin-token` in the directory (0600).
 *
 * @throws DatabaseUnusableError with what to do
 */
export async function openControlPlane(
  dataDir: string,
  {
    log,
    identify,
    secretsKeyCommand,
    ...options
  }: Pick<Ingredients, "config" | "clock" | "onFatal" | "tracer" | "integrate"> & {
    log: WatchLog;
    identify?: () => Promise<Identity>;
    secretsKeyCommand?: KeySource["secretsKeyCommand"];
  },
): Promise<ControlPlane & { adminTokenPath: string; storage(): StorageHealth }> {
  const database = openDatabase(dataDir);
  const adminTokenPath = join(dataDir, "admin-token");
  try {
    const identity = (await identify?.()) ?? {};
    const controlPlane = await startControlPlane({
      ...options,
      identity,
      database,
      key: readOrMakeKey({ dataDir, secretsKeyCommand }),
      randomId,
    });
    if (!existsSync(adminTokenPath) && !makeStore(database).hasAdmin()) {
      const { token } = await controlPlane.useCases.createToken(ITSELF, {
        role: "admin",
        name: "first admin",
      });
      writeFileSync(adminTokenPath, `${token}\n`, { mode: 0o600, flag: "wx" });
    }
    repin(adminTokenPath, identity.pin);
    const watch = watchStorage(database.reserve, options.clock, log);
    return {
      ...controlPlane,
      adminTokenPath,
      storage: watch.health,
      close() {
        watch.stop();
        controlPlane.close();
      },
    };
  } catch (error) {
    database.close();
    if (passesByItself(error)) throw new DatabaseUnusableError(messageOf(error));
    throw error;
  }
}

/** The first admin token, if it still lies there, says whom to trust now: TLS may have come later than it. */
function repin(path: string, pin: string | undefined): void {
  const parsed = existsSync(path) ? parseToken(readFileSync(path, "utf8").trim()) : undefined;
  if (!parsed || parsed.pin === pin) return;
  writeFileSync(`${path}.new`, `${writeToken({ ...parsed, pin })}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
