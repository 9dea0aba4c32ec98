import type { Service } from "./service.ts";

/** Domains and what is loaded in them. A domain is "system", "user/UID" or "gui/UID". */
export class Domains {
  readonly #services = new Map<string, Map<string, Service>>();
  readonly #disabled = new Map<string, Set<string>>();
  readonly #loggedOut = new Set<number>();

  /** The domain's jobs; undefined when there is no such domain, as for a user who is not at the screen. */
  services(domain: string): Map<string, Service> | undefined {
    const gui = /^gui\/(\d+)$/.exec(domain)?.[1];
    if (gui !== undefined && this.#loggedOut.has(Number(gui))) return undefined;
    let services = this.#services.get(domain);
    if (!services) this.#services.set(domain, (services = new Map()));
    return services;
  }

  disabled(domain: string): Set<string> {
    let disabled = this.#disabled.get(domain);
    if (!disabled) this.#disabled.set(domain, (disabled = new Set()));
    return disabled;
  }

  login(uid: number): void {
    this.#loggedOut.delete(uid);
  }

  /** Ends all jobs of the user's session, and the session. */
  async logout(uid: number): Promise<void> {
    const domain = `gui/${uid}`;
    await Promise.all([...(this.#services.get(domain)?.values() ?? [])].map((service) => service.bootOut()));
    this.#services.delete(domain);
    this.#loggedOut.add(uid);
  }

  all(): Service[] {
    return [...this.#services.values()].flatMap((services) => [...services.values()]);
  }
}
