import { fork, type Serializable } from "node:child_process";
import { once } from "node:events";
import { createBirpc, type BirpcReturn } from "birpc";

/** Another process of the benchmark, to be called like an object. */
export interface Helper<Functions extends object> {
  call: BirpcReturn<Functions, object>;
  pid: number;
  stop(): Promise<void>;
}

/** Starts a program of this package; it ends with this process, however that ends. */
export function startHelper<Functions extends object>(program: URL): Helper<Functions> {
  const child = fork(program, { stdio: ["ignore", "ignore", "inherit", "ipc"], serialization: "advanced" });
  const call = createBirpc<Functions>({}, { ...channel(child), timeout: -1 });
  const ended = once(child, "exit");
  void ended.then(() => call.$close(new Error(`${program.pathname} has ended`)));
  return {
    call,
    pid: child.pid ?? 0,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
      await ended;
    },
  };
}

/** In a program that `startHelper` started: these are what its parent calls. */
export function serveParent(functions: object): void {
  createBirpc<object, object>(functions, { ...channel(process), timeout: -1 });
  process.on("disconnect", () => process.exit());
}

/** The other end's messages; a process and its child are alike in that. */
interface MessagePort {
  send?: (message: Serializable) => boolean;
  on(event: "message", take: (message: unknown) => void): unknown;
}

function channel(other: MessagePort) {
  return {
    post: (message: Serializable) => void other.send?.(message),
    on: (take: (message: unknown) => void) => void other.on("message", take),
  };
}
