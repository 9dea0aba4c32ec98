import { z } from "zod";
import { error, ok, unknown, warning, type Judgement } from "./judge.ts";
import type { Said } from "./said.ts";

const dockerSchema = z.object({
  auths: z.record(z.string(), z.object({ auth: z.string().optional() })).optional(),
  credHelpers: z.record(z.string(), z.string()).optional(),
  credsStore: z.string().optional(),
});

/** Where tart looks for a login (tart-contract §5.5), and the agent where tart finds none. */
export interface Logins {
  env: Readonly<Record<string, string | undefined>>;
  /** The text of ~/.docker/config.json; undefined when there is none. */
  docker: string | undefined;
  /** Whether there is such a program (`docker-credential-ecr-login`) where tart looks. */
  hasHelper(program: string): boolean;
  /** Said by `security find-internet-password -l "Tart Credentials"`; undefined when it was not asked. */
  keychain: Said | undefined;
  /** Of the instance, where the host is one of EC2's: AWS lets it into ECR, and the agent needs no helper for that. */
  role?: string | undefined;
}

/** What one of the places comes to: whom there is a login to, and what is wrong with it. */
interface Found {
  logins: string[];
  wrong: Judgement[];
}

/**
 * Whether there is a login, and whether tart can use what there is. None at all is not known to be wrong: public
 * images need none. Says of no secret more than that it is there.
 */
export function judgeRegistry({ env, docker, hasHelper, keychain, role }: Logins): Judgement {
  const hasOrNeedsNot = (program: string) =>
    hasHelper(program) || (role !== undefined && program === ECR_HELPER);
  const places = [inEnvironment(env), inDocker(docker, hasOrNeedsNot), inKeychain(keychain), byRole(role)];
  const wrong = places.flatMap((place) => place.wrong);
  const worst = wrong.find(({ state }) => state === "error") ?? wrong[0];
  if (worst) return worst;
  const logins = places.flatMap((place) => place.logins);
  if (logins.length > 0) return ok(`There is a login to ${logins.slice(0, 5).join(", ")}.`);
  return unknown("There is no login to any registry; public images need none.", "tart login REGISTRY");
}

const ECR_HELPER = "docker-credential-ecr-login";

function byRole(role: string | undefined): Found {
  return { logins: role === undefined ? [] : [`ECR (the instance's role ${role})`], wrong: [] };
}

function inEnvironment(env: Logins["env"]): Found {
  const [user, password] = [env["TART_REGISTRY_USERNAME"], env["TART_REGISTRY_PASSWORD"]];
  if (!user && !password) return { logins: [], wrong: [] };
  if (user && password) {
    return { logins: [`${env["TART_REGISTRY_HOSTNAME"] || "any registry"} (environment)`], wrong: [] };
  }
  const missing = user ? "TART_REGISTRY_PASSWORD" : "TART_REGISTRY_USERNAME";
  const judgement = error(
    `Of the registry's login in the agent's environment ${missing} is missing.`,
    `launchctl kickstart -k gui/$(id -u)/dev.tartfleet.agent # after ${missing} was added to the agent's environment`,
  );
  return { logins: [], wrong: [judgement] };
}

function inDocker(text: string | undefined, hasHelper: Logins["hasHelper"]): Found {
  const found: Found = { logins: [], wrong: [] };
  if (text === undefined) return found;
  const config = dockerSchema.safeParse(parseJson(text));
  if (!config.success) {
    found.wrong.push(
      warning(
        "~/.docker/config.json is not what Docker writes; tart reads no login from it.",
        "plutil -convert json -o /dev/null ~/.docker/config.json",
      ),
    );
    return found;
  }
  const { auths = {}, credHelpers = {}, credsStore } = config.data;
  for (const [host, helper] of Object.entries(credHelpers)) {
    const program = `docker-credential-${helper}`;
    if (hasHelper(program)) {
      found.logins.push(`${host} (${program})`);
      continue;
    }
    const formula = helper === "ecr-login" ? "docker-credential-helper-ecr" : "docker-credential-helper";
    const message = `${program}, which logs in to ${host}, is not in the agent's PATH.`;
    found.wrong.push(warning(message, `brew install ${formula}`));
  }
  for (const [host, { auth }] of Object.entries(auths)) {
    if (auth === undefined || auth === "") continue;
    if (!passwordHasColon(auth)) {
      found.logins.push(`${host} (~/.docker/config.json)`);
      continue;
    }
    const message = `tart ignores the login to ${host} in ~/.docker/config.json: its password has a colon.`;
    found.wrong.push(warning(message, `tart login ${host}`));
  }
  if (credsStore !== undefined && found.logins.length === 0 && found.wrong.length === 0) {
    const message = `~/.docker/config.json keeps its logins in credsStore ${credsStore}, which tart does not ask.`;
    found.wrong.push(warning(message, "tart login REGISTRY"));
  }
  return found;
}

function inKeychain(said: Said | undefined): Found {
  if (said?.kind !== "exited" || said.code !== 0) return { logins: [], wrong: [] };
  const host = /"srvr"<blob>="([^"\n]{1,255})"/.exec(said.stdout)?.[1];
  return { logins: [`${host ?? "a registry"} (tart login)`], wrong: [] };
}

function passwordHasColon(auth: string): boolean {
  const [, password = ""] = /^[^:]*:(.*)$/s.exec(Buffer.from(auth, "base64").toString()) ?? [];
  return password.includes(":");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
