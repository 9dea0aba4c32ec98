import { z } from "zod";
import { attemptRefSchema } from "./attempt-ref.ts";
import { keysOf } from "./keys.ts";

/*
 * A tunnel: bytes between a client and something of a VM, by way of the control plane, which joins the client's
 * WebSocket with one that the host's agent opens when it is asked to. Every message of the two is one frame. The
 * control plane passes frames on and looks into none.
 */

/** exec: a command in the guest · ssh, vnc: a connection to that port of the guest · logs: what was printed so far, and goes on. */
export const TUNNEL_KINDS = ["exec", "ssh", "vnc", "logs"] as const;
export const tunnelKindSchema = z.enum(TUNNEL_KINDS);
export type TunnelKind = z.infer<typeof tunnelKindSchema>;

/** A tunnel that a host's agent is asked to open, and to end when it is asked for no more. */
export const tunnelWishSchema = attemptRefSchema.extend({
  id: z.string().max(64),
  kind: tunnelKindSchema,
});
export type TunnelWish = z.infer<typeof tunnelWishSchema>;

/** Where the agent opens it. */
export const agentTunnelPath = (id: string): string => `/v1/tunnels/${id}`;
/** Where a client asks for it. */
export const vmTunnelPath = (vmId: string, kind: TunnelKind): string =>
  `/v1/vms/${encodeURIComponent(vmId)}/tunnels/${kind}`;

/** Of the frames; within a version kinds of frames may be added, and who does not know one leaves it out. */
export const TUNNEL_VERSION = 1;
/** The largest message of a tunnel. Ends cut what they carry into smaller ones. */
export const LARGEST_FRAME_BYTES = 256 * 1024;
export const PIECE_BYTES = 64 * 1024;

const sizeSchema = z.object({ columns: z.int().min(1).max(10_000), rows: z.int().min(1).max(10_000) });
export type TerminalSize = z.infer<typeof sizeSchema>;

/** What the client wants at the other end; its first frame. */
export const tunnelOpenSchema = z.object({
  version: z.int(),
  argv: z
    .array(z.string().max(131_072))
    .min(1)
    .max(4096)
    .optional()
    .describe("Of exec: the program and its arguments, as they are"),
  terminal: sizeSchema
    .extend({ term: z.string().max(64) })
    .optional()
    .describe("Of exec: run it on a terminal of that size"),
  follow: z.boolean().optional().describe("Of logs: go on with what comes"),
});
export type TunnelOpen = z.infer<typeof tunnelOpenSchema>;

/** Why the agent could not do what was asked, or not to its end. */
export const TUNNEL_FAILURES = [
  "guest_unreachable",
  "guest_refused",
  "command_unknown",
  "outcome_unknown",
  "not_understood",
] as const;

const exitSchema = z.object({ code: z.int().min(0).max(255) });
const failureSchema = z.object({
  code: z.enum(TUNNEL_FAILURES).catch("outcome_unknown"),
  message: z.string().max(4000),
});
export type TunnelFailure = z.infer<typeof failureSchema>;

/**
 * From the client: open, then input and its end (which the other side may see while output goes on), resize. From the
 * agent: opened, then output, error output, the end of both, and of exec its exit; or failed. Who has heard the last
 * word closes.
 */
export type Frame =
  | { kind: "open"; open: TunnelOpen }
  | { kind: "input" | "output" | "error_output"; bytes: Uint8Array }
  | { kind: "input_end" | "opened" | "output_end" }
  | { kind: "resize"; size: TerminalSize }
  | { kind: "exit"; code: number }
  | { kind: "failed"; failure: TunnelFailure };

const TYPES = {
  open: 0x01,
  input: 0x02,
  input_end: 0x03,
  resize: 0x04,
  opened: 0x11,
  output: 0x12,
  error_output: 0x13,
  output_end: 0x14,
  exit: 0x15,
  failed: 0x16,
} as const satisfies Record<Frame["kind"], number>;

const KINDS = new Map<number, Frame["kind"]>(keysOf(TYPES).map((kind) => [TYPES[kind], kind]));

/** One byte that says what it is, and then what it carries: bytes as they are, all else as JSON. */
export function encodeFrame(frame: Frame): Uint8Array {
  const payload = payloadOf(frame);
  const message = new Uint8Array(1 + payload.length);
  message[0] = TYPES[frame.kind];
  message.set(payload, 1);
  return message;
}

function payloadOf(frame: Frame): Uint8Array {
  switch (frame.kind) {
    case "input":
    case "output":
    case "error_output":
      return frame.bytes;
    case "open":
      return json(frame.open);
    case "resize":
      return json(frame.size);
    case "exit":
      return json({ code: frame.code });
    case "failed":
      return json(frame.failure);
    case "input_end":
    case "opened":
    case "output_end":
      return new Uint8Array();
    default:
      return frame satisfies never;
  }
}

/** `unknown`: of a newer end, to be left out. `malformed`: nothing that can be gone on with. */
export function decodeFrame(message: Uint8Array): Frame | "unknown" | "malformed" {
  const [type] = message;
  if (type === undefined) return "malformed";
  const kind = KINDS.get(type);
  const payload = message.subarray(1);
  switch (kind) {
    case undefined:
      return "unknown";
    case "input":
    case "output":
    case "error_output":
      return { kind, bytes: payload };
    case "input_end":
    case "opened":
    case "output_end":
      return { kind };
    case "open":
      return read(tunnelOpenSchema, payload, (open) => ({ kind, open }));
    case "resize":
      return read(sizeSchema, payload, (size) => ({ kind, size }));
    case "exit":
      return read(exitSchema, payload, ({ code }) => ({ kind, code }));
    case "failed":
      return read(failureSchema, payload, (failure) => ({ kind, failure }));
    default:
      return kind satisfies never;
  }
}

function json(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

function read<T>(schema: z.ZodType<T>, payload: Uint8Array, use: (value: T) => Frame): Frame | "malformed" {
  try {
    const parsed = schema.safeParse(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload)));
    return parsed.success ? use(parsed.data) : "malformed";
  } catch {
    return "malformed";
  }
}

/**
 * Why the control plane ends a tunnel before its ends do: the WebSocket's close code, and a sentence. The reason of the
 * close frame is the key.
 */
export const TUNNEL_CUTS = {
  restarting: { code: 1012, text: "The control plane is restarting. The VM goes on." },
  token_invalid: { code: 4401, text: "The token is no longer valid." },
  vm_ended: { code: 4410, text: "The VM has ended, or is about to." },
  host_silent: { code: 4411, text: "The VM's host is silent." },
  idle: { code: 4412, text: "Nothing was carried for as long as a tunnel may be idle." },
  too_long: { code: 4413, text: "It was open for as long as a tunnel may be." },
  agent_left: { code: 4414, text: "The host's agent left, or lost its connection." },
  client_left: { code: 4415, text: "The client left." },
  not_understood: { code: 4416, text: "One end sent something else than frames." },
} as const satisfies Record<string, { code: number; text: string }>;
export type TunnelCut = keyof typeof TUNNEL_CUTS;
export const tunnelCutSchema = z.enum(keysOf(TUNNEL_CUTS));
