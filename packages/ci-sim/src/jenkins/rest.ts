import type { Access } from "./access.ts";
import type { Nodes, SimNode } from "./nodes.ts";
import { Refusal } from "./refusal.ts";

export interface RestParts {
  /** Where the controller says it is. */
  url: () => string;
  access: Access;
  nodes: Nodes;
  isOnline: (name: string) => boolean;
  removeNode: (name: string) => void;
}

/** The part of the remote API that makes, shows and removes nodes. */
export function makeRest({ url, access, nodes, isOnline, removeNode }: RestParts) {
  const shown = ({ name, description, labels }: SimNode) => ({
    displayName: name,
    description,
    assignedLabels: [...labels, name].map((label) => ({ name: label })),
    offline: !isOnline(name),
    temporarilyOffline: false,
    jnlpAgent: true,
  });

  /** hudson.slaves.SlaveComputer/jenkins-agent.jnlp.jelly */
  const jnlp = ({ name, remoteFs }: SimNode) => {
    const words = [
      nodes.secretOf(name),
      name,
      "-webSocket",
      "-workDir",
      remoteFs,
      "-internalDir",
      "remoting",
      "-url",
      url(),
    ];
    const lines = words.map((word) => `<argument>${word}</argument>`).join("");
    return `<jnlp><application-desc>${lines}</application-desc></jnlp>`;
  };

  return async (request: Request): Promise<Response> => {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/login") return new Response("", { status: 200 });
    const user = access.caller(request);
    const needPost = () => {
      if (request.method !== "POST") throw new Refusal(405, "POST is required");
    };
    if (pathname === "/crumbIssuer/api/json") {
      access.need(user, "Overall/Read");
      return access.issueCrumb(request);
    }
    if (pathname === "/computer/api/json") {
      access.need(user, "Overall/Read");
      return Response.json({ computer: nodes.all().map(shown) });
    }
    if (pathname === "/computer/doCreateItem") {
      needPost();
      access.need(user, "Agent/Create");
      const form = new URLSearchParams(await request.text());
      const submitted: unknown = JSON.parse(form.get("json") ?? "null");
      const given = (name: string) => searchParams.get(name) ?? form.get(name);
      nodes.create(given("name"), given("type"), submitted);
      return new Response(null, { status: 302, headers: { location: "." } });
    }
    const [, name = "", rest = ""] = /^\/computer\/([^/]+)\/(.+)$/.exec(pathname) ?? [];
    const node = nodes.required(decodeURIComponent(name));
    switch (rest) {
      case "api/json":
        access.need(user, "Overall/Read");
        return Response.json(shown(node));
      case "jenkins-agent.jnlp":
      case "slave-agent.jnlp":
        access.need(user, "Agent/Connect");
        return new Response(jnlp(node), { headers: { "content-type": "application/x-java-jnlp-file" } });
      case "doDelete":
        needPost();
        access.need(user, "Agent/Delete");
        removeNode(node.name);
        return new Response(null, { status: 302, headers: { location: ".." } });
      default:
        throw new Refusal(404, `nothing is at ${pathname}`);
    }
  };
}
