/** What a word of a command line names: a domain, or a job in one. */
export interface Target {
  domain: string;
  label?: string;
}

const TARGET = /^(system|(?:gui|user)\/\d+)(?:\/(.+))?$/;

/** Undefined for what launchctl cannot read either. */
export function targetOf(word: string): Target | undefined {
  const [, domain, label] = TARGET.exec(word.replace(/\/$/, "")) ?? [];
  if (domain === undefined) return undefined;
  return label === undefined ? { domain } : { domain, label };
}

/** A domain in launchctl's sentences. */
export function spokenDomain(domain: string): string {
  const [kind = "", uid = ""] = domain.split("/");
  return uid === "" ? kind : `user ${kind === "user" ? "uid" : kind}: ${uid}`.replace("user uid", "uid");
}
