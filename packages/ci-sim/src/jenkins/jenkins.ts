import { randomBytes } from "node:crypto";
import { makeAccess } from "./access.ts";
import { makeBuilds, type SimBuild } from "./builds.ts";
import { makeNodes } from "./nodes.ts";
import { Refusal } from "./refusal.ts";
import { makeRest } from "./rest.ts";

/** agent.jar's end of a channel. */
export interface AgentPeer {
  run(build: number, script: string): void;
  /** The controller closed the channel. */
  closed(): void;
}

/** The controller's end of a channel. */
export interface Channel {
  finished(build: number, exitCode: number): void;
  /** The agent is gone. */
  close(): void;
}

export interface SimJenkinsOptions {
  url?: string;
  /** Milliseconds since 1970. */
  now?: () => number;
}

/**
 * A Jenkins controller as its agents and its REST API see it (jenkinsci/jenkins at ff9430ee, remoting at fa5f12a8,
 * workflow-durable-task-step at 46cb22ff): state and a fetch handler without a socket. What its channels carry is our
 * own; that they open, are refused and lost is as there.
 */
export function makeSimJenkins({ url = "https://jenkins.test/", now = Date.now }: SimJenkinsOptions = {}) {
  const access = makeAccess();
  const nodes = makeNodes();
  const builds = makeBuilds(now);
  const channels = new Map<string, { peer: AgentPeer; cookie: string }>();
  const requests: string[] = [];
  let isDown = false;
  let isCutOff = false;

  const isOnline = (name: string) => channels.has(name);

  /** Closes the channel of a node, and has its agent learn of it. */
  function cut(name: string): void {
    const channel = channels.get(name);
    channels.delete(name);
    channel?.peer.closed();
  }

  function removeNode(name: string): void {
    nodes.required(name);
    nodes.remove(name);
    cut(name);
  }

  const rest = makeRest({ url: () => url, access, nodes, isOnline, removeNode });

  /** Gives agents the builds that wait for them. */
  function dispatch(): void {
    builds.look(isOnline);
    for (const { name, executors } of nodes.all()) {
      const channel = channels.get(name);
      const build = channel && builds.next(name, executors);
      if (build) channel.peer.run(build.id, build.script);
    }
  }

  return {
    get url() {
      return url;
    },
    moveTo: (to: string) => void (url = to),
    access,
    nodes,
    builds: builds.all,
    isOnline,
    removeNode,
    dispatch,
    /** What was asked, as `METHOD /path`. */
    requests,
    async handle(request: Request): Promise<Response> {
      const { pathname } = new URL(request.url);
      requests.push(`${request.method} ${pathname}`);
      if (isDown) return new Response("Jenkins is getting ready to work", { status: 503 });
      try {
        return await rest(request);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        return new Response(error.message, { status: error.status });
      }
    },
    /** Agents cannot reach it any more, while people and builds' own steps can. */
    cutOff(off: boolean): void {
      isCutOff = off;
      if (off) for (const name of channels.keys()) cut(name);
    },
    /** It stops, and all channels with it; its nodes and builds are there again afterwards. */
    down(down: boolean): void {
      isDown = down;
      if (down) for (const name of channels.keys()) cut(name);
    },
    /**
     * What `/wsagents/` makes of an agent that connects (jenkins.agents.WebSocketAgents).
     *
     * @throws Refusal 400 for headers that are not agent.jar's, for no such node and for one that is connected; 403
     * for a wrong secret; 503 while it is down
     */
    connect(
      headers: Headers,
      peer: AgentPeer,
    ): { channel: Channel; headers: Record<string, string>; begin: () => void } {
      if (isDown || isCutOff) throw new Refusal(503, "Jenkins is getting ready to work");
      const name = headers.get("node-name");
      const secret = headers.get("secret-key");
      if (name === null || secret === null || headers.get("x-remoting-capability") === null)
        throw new Refusal(400, "This endpoint is only for use from agent.jar in WebSocket mode");
      const node = nodes.named(name);
      if (!node) throw new Refusal(400, "no such agent");
      if (secret !== nodes.secretOf(name)) throw new Refusal(403, "Forbidden");
      const cookie = headers.get("connection-cookie") ?? randomBytes(32).toString("hex");
      const before = channels.get(name);
      if (before && before.cookie !== cookie)
        throw new Refusal(400, `${name} is already connected to this controller. Rejecting this connection.`);
      if (before) cut(name);
      const known = { peer, cookie };
      channels.set(name, known);
      return {
        headers: {
          "X-Remoting-Capability": "stand-in",
          "X-Remoting-Minimum-Version": "3176.v207ec082a_8c0",
          "Connection-Cookie": cookie,
        },
        channel: {
          finished: (build, exitCode) => {
            if (channels.get(name) === known) builds.finished(build, exitCode);
          },
          close: () => {
            if (channels.get(name) === known) channels.delete(name);
          },
        },
        begin: dispatch,
      };
    },
    /** A build that has come to `node("NAME") { sh script }`. */
    queue(node: string, script: string): SimBuild {
      const build = builds.queue(node, script);
      dispatch();
      return build;
    },
    abort: builds.abort,
  };
}

export type SimJenkins = ReturnType<typeof makeSimJenkins>;
