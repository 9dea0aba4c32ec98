import { openTunnel as open } from "@tartfleet/client/transport";
import type { TunnelEnd } from "@tartfleet/tunnel";
import { cliErrorOf } from "../api/errors.ts";
import type { Connection } from "../connection.ts";

/**
 * Opens a tunnel to a VM.
 *
 * @throws CliError
 */
export async function openTunnel(
  connection: Connection,
  wanted: Parameters<typeof open>[1],
): Promise<TunnelEnd> {
  try {
    return await open(connection, wanted);
  } catch (error) {
    throw cliErrorOf(error, connection.url);
  }
}
