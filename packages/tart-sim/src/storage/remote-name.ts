import { runtimeFailure, type TartFailure } from "../cli/failure.ts";

/** `host[:port]/namespace[/more]` with a tag or a digest (tart-contract §1.6). */
export interface RemoteName {
  host: string;
  namespace: string;
  reference: { kind: "tag"; tag: string } | { kind: "digest"; digest: string };
}

const defaultTag = "latest";

/** Reads a remote name; a mistake is answered as the original's failure with the character's place. */
export function parseRemoteName(text: string): RemoteName | TartFailure {
  const mistake = (what: string, at: number) =>
    runtimeFailure(`failed to parse remote name: ${what} (character ${at + 1})`);
  const host = /^[a-zA-Z0-9.-]+(:\d+)?/.exec(text)?.[0] ?? "";
  if (host === "") return mistake("expected host", 0);
  if (text[host.length] !== "/") return mistake(`unexpected character in host`, host.length);
  const rest = text.slice(host.length + 1);
  const namespace = /^[a-zA-Z0-9._/-]*/.exec(rest)?.[0] ?? "";
  const start = host.length + 1;
  if (namespace === "" || namespace.endsWith("/") || namespace.startsWith("/") || namespace.includes("//"))
    return mistake("expected namespace", start + namespace.length);
  if (namespace.split("/").some((part) => part === "." || part === ".."))
    return mistake("unexpected namespace", start);
  const tail = rest.slice(namespace.length);
  const at = start + namespace.length;
  if (tail === "") return { host, namespace, reference: { kind: "tag", tag: defaultTag } };
  if (tail.startsWith("@")) {
    const digest = tail.slice(1);
    if (!/^sha256:[0-9a-f]+$/.test(digest)) return mistake("expected digest", at + 1);
    return { host, namespace, reference: { kind: "digest", digest } };
  }
  if (!tail.startsWith(":")) return mistake("unexpected character", at);
  const tag = tail.slice(1);
  const good = /^[a-zA-Z0-9_][a-zA-Z0-9._-]*/.exec(tag)?.[0] ?? "";
  if (good !== tag || tag === "") return mistake("expected tag", at + 1 + good.length);
  return { host, namespace, reference: { kind: "tag", tag } };
}

export const repository = ({ host, namespace }: RemoteName): string => `${host}/${namespace}`;

/** The canonical text, tag included. */
export function showRemoteName(name: RemoteName): string {
  const { reference } = name;
  return `${repository(name)}${reference.kind === "tag" ? `:${reference.tag}` : `@${reference.digest}`}`;
}
