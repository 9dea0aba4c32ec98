import { fits, parseJson } from "../host/shape.ts";

/**
 * The words of the control socket. The guest agent speaks first: the bytes a gRPC server sends
 * (an empty HTTP/2 SETTINGS frame), then frames of our own: kind, length, payload.
 */
export const greeting: Buffer = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);

/** `request` carries JSON of a Request, `answer` (the agent's last word) JSON of an Answer. Numbered from 1. */
const frameKinds = ["request", "stdin", "stdinEnd", "stdout", "stderr", "answer"] as const;

export type FrameKind = (typeof frameKinds)[number];

export interface Frame {
  kind: FrameKind;
  payload: Buffer;
}

interface ExecRequest {
  call: "exec";
  argv: readonly string[];
  stdin: boolean;
}

export type Request = ExecRequest | { call: "ip" };

export type Answer =
  | { kind: "exited"; code: number }
  | { kind: "signaled" }
  | { kind: "not_found"; message: string }
  | { kind: "ip"; ip: string }
  | { kind: "rpc_error"; message: string };

const HEAD = 5;

export function encodeFrame(kind: FrameKind, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(HEAD);
  head.writeUInt8(frameKinds.indexOf(kind) + 1, 0);
  head.writeUInt32BE(payload.length, 1);
  return Buffer.concat([head, payload]);
}

export const encodeJson = (kind: FrameKind, value: Request | Answer): Buffer =>
  encodeFrame(kind, Buffer.from(JSON.stringify(value)));

/** Cuts a stream of chunks into frames, however they were cut before. */
export function makeFrameReader(): (chunk: Buffer) => Frame[] {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const frames: Frame[] = [];
    while (rest.length >= HEAD) {
      const length = rest.readUInt32BE(1);
      if (rest.length < HEAD + length) break;
      frames.push({ kind: kindOf(rest.readUInt8(0)), payload: rest.subarray(HEAD, HEAD + length) });
      rest = rest.subarray(HEAD + length);
    }
    return frames;
  };
}

function kindOf(code: number): FrameKind {
  const kind = frameKinds[code - 1];
  if (kind === undefined) throw new Error(`unknown frame kind ${code} on the control socket`);
  return kind;
}

/** What a client asks for; undefined when it is not understood. */
export function decodeRequest(payload: Buffer): Request | undefined {
  const value = parseJson(payload.toString());
  if (fits<{ call: "ip" }>(value, { call: "string" }) && value.call === "ip") return { call: "ip" };
  return fits<ExecRequest>(value, { call: "string", argv: "array", stdin: "boolean" }) ? value : undefined;
}

/** The agent's last word; undefined when it is not understood. */
export function decodeAnswer(payload: Buffer): Answer | undefined {
  const value = parseJson(payload.toString());
  return fits<Answer>(value, { kind: "string" }) ? value : undefined;
}
