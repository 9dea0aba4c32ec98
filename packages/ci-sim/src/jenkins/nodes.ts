import { createHmac, randomBytes } from "node:crypto";
import { z } from "zod";
import { Refusal } from "./refusal.ts";

/** An inbound agent's place on the controller, as hudson.slaves.DumbSlave keeps it. */
export interface SimNode {
  name: string;
  description: string;
  remoteFs: string;
  executors: number;
  /** Only builds that name it run there, or any that fit its labels. */
  mode: "EXCLUSIVE" | "NORMAL";
  labels: string[];
}

/** What the form of a new node submits (hudson.model.ComputerSet#doDoCreateItem binds it to a DumbSlave). */
const formSchema = z.object({
  name: z.string().optional(),
  nodeDescription: z.string().default(""),
  numExecutors: z.coerce.number().int().min(1),
  remoteFS: z.string().default(""),
  labelString: z.string().default(""),
  mode: z.enum(["EXCLUSIVE", "NORMAL"]),
  launcher: z.object({ "stapler-class": z.literal("hudson.slaves.JNLPLauncher") }),
  retentionStrategy: z.object({ "stapler-class": z.string().regex(/^hudson\.slaves\.RetentionStrategy\$/) }),
  nodeProperties: z.object({ "stapler-class-bag": z.literal("true") }).optional(),
});

/** Characters that jenkins.model.Jenkins#checkGoodName refuses. */
const UNSAFE = /[?*/\\%!@#$^&|<>[\]:;\p{Cc}]/u;

/** The nodes of a controller. A node's secret follows from its name alone, and is the same whenever it is made again. */
export function makeNodes() {
  let key = randomBytes(32);
  const nodes = new Map<string, SimNode>();

  function goodName(given: string | null): string {
    const name = (given ?? "").trim();
    if (name === "") throw new Refusal(400, "Query parameter 'name' is required");
    if (name === "." || name === ".." || UNSAFE.test(name))
      throw new Refusal(400, `‘${name}’ is an unsafe name`);
    if (nodes.has(name)) throw new Refusal(400, `Agent called ‘${name}’ already exists`);
    return name;
  }

  return {
    all: () => [...nodes.values()],
    named: (name: string) => nodes.get(name),
    required(name: string): SimNode {
      const found = nodes.get(name);
      if (!found) throw new Refusal(404, `no node ${name}`);
      return found;
    },
    /** @throws Refusal 400 for a name that is taken or unsafe; 500 for a form that cannot be bound to a node */
    create(given: string | null, type: string | null, form: unknown): SimNode {
      const name = goodName(given);
      if (type !== "hudson.slaves.DumbSlave") throw new Refusal(500, `no node type ${type ?? ""}`);
      const bound = formSchema.safeParse(form);
      if (!bound.success) throw new Refusal(500, z.prettifyError(bound.error));
      const { nodeDescription, numExecutors, remoteFS, labelString, mode } = bound.data;
      const labels = labelString.split(/\s+/).filter((label) => label !== "");
      const node: SimNode = {
        name,
        description: nodeDescription,
        remoteFs: remoteFS,
        executors: numExecutors,
        mode,
        labels,
      };
      nodes.set(name, node);
      return node;
    },
    remove: (name: string) => nodes.delete(name),
    /** jenkins.slaves.JnlpAgentReceiver.SLAVE_SECRET: an HMAC of the name. */
    secretOf: (name: string) => createHmac("sha256", key).update(name).digest("hex"),
    /** Secrets that were given out are wrong from now on, as after a restore without the controller's secrets. */
    changeKey: () => void (key = randomBytes(32)),
  };
}

export type Nodes = ReturnType<typeof makeNodes>;
