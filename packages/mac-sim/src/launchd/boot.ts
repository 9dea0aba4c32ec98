import { readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { EX_CONFIG, type Request } from "../protocol.ts";
import { Failure, noDomain, operationFailed, usage } from "./failure.ts";
import { BadJobFile, readJobFile, type JobFile } from "./job-file.ts";
import type { Mac } from "./mac.ts";
import { Service } from "./service.ts";
import { targetOf } from "./target.ts";

/** How long `bootout` waits for a job's process before it leaves the rest to launchd. */
const BOOT_OUT_MS = 1000;

/** `bootstrap DOMAIN PATH…`: loads jobs. */
export function bootstrap(mac: Mac, [word = "", ...paths]: readonly string[], request: Request): string {
  const target = targetOf(word);
  if (!target || target.label !== undefined) throw usage("bootstrap <domain-target> [service-path...]");
  const services = mac.domains.services(target.domain);
  if (!services) throw operationFailed("Bootstrap", 125);
  mayChange(target.domain, request, "Bootstrap");
  for (const path of paths.flatMap((path) => jobFilesAt(resolve(request.cwd, path)))) {
    const job = readJob(path, request.uid);
    const present = services.get(job.Label);
    if (present?.state === "SIGTERMed") throw operationFailed("Bootstrap", 37);
    if (present || mac.domains.disabled(target.domain).has(job.Label)) throw operationFailed("Bootstrap", 5);
    const environment = () => mac.environmentOf(target.domain, job.Label);
    const service = new Service({ job, path, environment, speed: mac.speed });
    services.set(job.Label, service);
    service.loaded();
  }
  return "";
}

/** `bootout DOMAIN/LABEL` or `bootout DOMAIN PATH…`: ends jobs and forgets them. */
export async function bootOut(
  mac: Mac,
  [word = "", ...paths]: readonly string[],
  request: Request,
): Promise<string> {
  const target = targetOf(word);
  if (!target || (target.label === undefined && paths.length === 0)) {
    throw usage("bootout <domain-target> [service-path...] | <service-target>");
  }
  const services = mac.domains.services(target.domain);
  if (!services) throw noDomain(target.domain);
  mayChange(target.domain, request, "Boot-out");
  const labels =
    target.label === undefined
      ? paths.map((path) => labelIn(resolve(request.cwd, path), request))
      : [target.label];
  for (const label of labels) {
    const service = services.get(label);
    if (!service) throw operationFailed("Boot-out", target.label === undefined ? 5 : 3);
    if (service.state === "SIGTERMed") throw operationFailed("Boot-out", 37);
    const gone = service.bootOut().then(() => services.delete(label));
    const isGone = await Promise.race([gone, wait(BOOT_OUT_MS, false, { ref: false })]);
    if (!isGone) throw operationFailed("Boot-out", 36);
  }
  return "";
}

/** The system's jobs are root's. */
function mayChange(domain: string, { uid }: Request, operation: "Bootstrap" | "Boot-out"): void {
  if (domain !== "system" || uid === 0) return;
  if (operation === "Boot-out") throw operationFailed(operation, 1);
  throw new Failure(
    5,
    "Bootstrap failed: 5: Input/output error\nTry re-running the command as root for richer errors.",
  );
}

function jobFilesAt(path: string): string[] {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return [path];
  return readdirSync(path).flatMap((name) => (name.endsWith(".plist") ? [join(path, name)] : []));
}

function labelIn(path: string, { uid }: Request): string {
  try {
    return readJobFile(path, uid).Label;
  } catch {
    throw operationFailed("Boot-out", 5);
  }
}

function readJob(path: string, uid: number): JobFile {
  try {
    return readJobFile(path, uid);
  } catch (error) {
    if (!(error instanceof BadJobFile)) throw error;
    console.error(error.message);
    throw error.isOurs
      ? new Failure(EX_CONFIG, `mac-sim: ${error.message}`)
      : operationFailed("Bootstrap", 5);
  }
}
