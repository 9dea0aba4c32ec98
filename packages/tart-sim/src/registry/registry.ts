import { swiftFailure, type TartFailure } from "../cli/failure.ts";
import type { Sim } from "../sim.ts";
import type { RemoteName } from "../storage/remote-name.ts";
import { type CatalogueImage, findImage, readCatalogue } from "./catalogue.ts";
import { findCredentials } from "./credentials.ts";

/** Round trip to a registry, in simulated milliseconds. */
const MANIFEST_MS = 300;

/** The failures of tart-contract §5.6. */
export const unexpectedStatus = (when: string, code: number, details = ""): TartFailure =>
  swiftFailure(
    `UnexpectedHTTPStatusCode(when: "${when}", code: ${code}, details: ${JSON.stringify(details)})`,
  );

const authFailed = (code: number, details: string): TartFailure =>
  swiftFailure(
    `AuthFailed(why: "received unexpected HTTP status code ${code} while retrieving an authentication token", details: ${JSON.stringify(details)})`,
  );

const denied = '{"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]}';
const unauthorized = '{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}';
const unknownManifest = '{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}';

/** Fetches the manifest: one request, with authentication when the registry asks for it. */
export async function fetchManifest(sim: Sim, name: RemoteName): Promise<CatalogueImage> {
  await sim.sleep(MANIFEST_MS);
  const status = sim.faults.get("http-status")?.code;
  if (status === 401) {
    findCredentials(sim, name.host);
    throw unexpectedStatus("pulling manifest", 401, unauthorized);
  }
  if (status === 403) throw authFailed(403, denied);
  if (status === 404) throw unexpectedStatus("pulling manifest", 404, unknownManifest);

  const catalogue = readCatalogue(sim.hostDir);
  if (!catalogue.some((image) => image.name.startsWith(`${name.host}/`)))
    throw swiftFailure("A server with the specified hostname could not be found.");
  const image = findImage(catalogue, name);
  if (image === undefined) {
    // GitHub's registry does not tell what is missing from what is private.
    throw name.host === "ghcr.io"
      ? authFailed(403, denied)
      : unexpectedStatus("pulling manifest", 404, unknownManifest);
  }
  if (image.auth !== undefined) authenticate(sim, name, image.auth);
  return image;
}

function authenticate(sim: Sim, name: RemoteName, wanted: { username: string; password: string }): void {
  const given = findCredentials(sim, name.host);
  if (given?.username !== wanted.username || given.password !== wanted.password)
    throw authFailed(401, unauthorized);
}

/** Is this a user the registry knows? What `tart login` asks. */
export function credentialsAreGood(
  sim: Sim,
  host: string,
  given: { username: string; password: string },
): boolean {
  const known = readCatalogue(sim.hostDir).flatMap((image) =>
    image.name.startsWith(`${host}/`) && image.auth !== undefined ? [image.auth] : [],
  );
  return (
    known.length === 0 ||
    known.some(({ username, password }) => username === given.username && password === given.password)
  );
}
