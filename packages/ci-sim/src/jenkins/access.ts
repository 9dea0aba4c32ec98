import { createHmac, randomBytes, randomUUID } from "node:crypto";
import { Refusal } from "./refusal.ts";

export type Permission = "Overall/Read" | "Agent/Create" | "Agent/Connect" | "Agent/Delete";

export interface SimUser {
  name: string;
  password: string;
  apiToken: string;
  permissions: ReadonlySet<Permission>;
}

const CRUMB_FIELD = "Jenkins-Crumb";

/** Who calls and what they may. Who comes with a password needs a crumb of the same session to change anything. */
export function makeAccess() {
  const users: SimUser[] = [];
  const salt = randomBytes(16);
  const crumbOf = (session: string) => createHmac("sha256", salt).update(session).digest("hex");
  const sessionOf = (request: Request) =>
    /(?:^|;\s*)JSESSIONID=([^;]+)/.exec(request.headers.get("cookie") ?? "")?.[1];

  return {
    addUser(name: string, ...permissions: Permission[]): SimUser {
      const user: SimUser = {
        name,
        password: randomUUID(),
        apiToken: `11${randomBytes(16).toString("hex")}`,
        permissions: new Set(permissions),
      };
      users.push(user);
      return user;
    },
    /** @throws Refusal 401 for wrong credentials; 403 without a crumb where one is needed */
    caller(request: Request): SimUser | undefined {
      const header = request.headers.get("authorization");
      if (header === null) return undefined;
      const [name, secret] = Buffer.from(header.replace(/^Basic /, ""), "base64")
        .toString()
        .split(":", 2);
      const user = users.find((each) => each.name === name);
      if (!user || (secret !== user.apiToken && secret !== user.password))
        throw new Refusal(401, "Invalid password/token for user");
      const session = sessionOf(request);
      const hasCrumb = session !== undefined && request.headers.get(CRUMB_FIELD) === crumbOf(session);
      if (request.method === "POST" && secret !== user.apiToken && !hasCrumb)
        throw new Refusal(403, "No valid crumb was included in the request");
      return user;
    },
    /** @throws Refusal 403 */
    need(user: SimUser | undefined, permission: Permission): void {
      if (user?.permissions.has(permission)) return;
      throw new Refusal(403, `${user?.name ?? "anonymous"} is missing the ${permission} permission`);
    },
    issueCrumb(request: Request): Response {
      const session = sessionOf(request) ?? randomUUID();
      return Response.json(
        { crumb: crumbOf(session), crumbRequestField: CRUMB_FIELD },
        { headers: { "set-cookie": `JSESSIONID=${session}; Path=/; HttpOnly` } },
      );
    },
  };
}

export type Access = ReturnType<typeof makeAccess>;
