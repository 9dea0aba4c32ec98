import { z } from "zod";

/** One command line, as launchctl hands it to launchd; a line of JSON each way. */
export const requestSchema = z.object({
  program: z.enum(["launchctl", "mac-sim"]),
  argv: z.array(z.string()),
  cwd: z.string(),
  /** Of the caller. */
  uid: z.number(),
  /** Whether the caller's stdout is a terminal: launchctl says some things differently then. */
  isTerminal: z.boolean(),
});
export type Request = z.output<typeof requestSchema>;

export const answerSchema = z.object({ exitCode: z.number(), stdout: z.string(), stderr: z.string() });
export type Answer = z.output<typeof answerSchema>;

/** A Mac's socket, named relative to its folder: the path of a socket may have only some 100 characters. */
export const SOCKET = "launchd.sock";

/** The stand-ins were set up or used in a way that the originals cannot be. */
export const EX_CONFIG = 78;
