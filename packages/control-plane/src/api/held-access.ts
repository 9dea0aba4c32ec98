import type { Principal } from "../engine/use-cases.ts";
import type { Access } from "./admission.ts";
import { unauthenticated } from "./authenticate.ts";

/**
 * The access of a connection that lasts. A host's or a VM's token was proven when it began, and is not proven again
 * for every call: it is enough to be told when it stops being valid. When people's tokens are used is written down,
 * and how often they call is counted with their other calls, so theirs are asked for each.
 *
 * @returns the access, and how to stop listening
 */
export function holdAccess(access: Access, principal: Principal): Access & { release(): void } {
  const listeners = new Set<() => void>();
  let isValid = true;
  const release = access.whenInvalid(() => {
    isValid = false;
    for (const tell of listeners) tell();
  });
  return {
    call() {
      if (principal.kind === "token") return access.call();
      if (!isValid) throw unauthenticated();
      return principal;
    },
    whenInvalid(tell) {
      if (!isValid) tell();
      listeners.add(tell);
      return () => void listeners.delete(tell);
    },
    release,
  };
}
