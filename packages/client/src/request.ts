import type { Call } from "./http.ts";
import type { Operations } from "./wire.ts";

/** A call of the API, like `GET /v1/hosts/{name}`. */
export type Operation = keyof Operations;

/** Those that also send what changes as server-sent events, for as long as somebody reads. */
export type LiveOperation = "GET /v1/fleet/board" | "GET /v1/fleet/changes";

type NamesIn<Path> = Path extends `${string}{${infer Name}}${infer Rest}` ? Name | NamesIn<Rest> : never;

/** What is undefined is as good as not there. */
type Given<T> = { [K in keyof T]: Given<T[K]> | (object extends Pick<T, K> ? undefined : never) };

/** In a URL, numbers are text. */
type Query<T> = { [K in keyof T]: T[K] | (NonNullable<T[K]> extends number ? string : never) };

type Part<O extends Operation, Name extends "query" | "body"> =
  Operations[O] extends Readonly<Record<Name, infer T>>
    ? object extends T
      ? { [K in Name]?: Given<Name extends "query" ? Query<T> : T> | undefined }
      : { [K in Name]: Given<Name extends "query" ? Query<T> : T> }
    : unknown;

/** What a call takes: the names in its path, its query, its body. */
export type Asked<O extends Operation> = ([NamesIn<O>] extends [never]
  ? unknown
  : { path: Readonly<Record<NamesIn<O>, string>> }) &
  Part<O, "query"> &
  Part<O, "body">;

/** What any call takes. */
export interface Parts {
  path?: Readonly<Record<string, string>>;
  query?: Call["query"];
  body?: unknown;
}

/** A call as it is sent. */
export function callOf(operation: Operation, { path = {}, query, body }: Parts = {}): Call {
  const [method, template = ""] = operation.split(" ");
  return {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of an Operation
    method: method as Call["method"],
    path: template.replaceAll(/\{(\w+)\}/g, (_part, name: string) => encodeURIComponent(path[name] ?? "")),
    ...(query ? { query } : {}),
    ...(body === undefined ? {} : { body }),
  };
}
