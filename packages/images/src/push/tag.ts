import type { Release } from "../templates/release.ts";

/** A tag that nobody has reason to move: what is in the image and the day (UTC), e.g. 26.5-25F71-20261126. */
export function tagOf({ macos_version, macos_build }: Release, now: number): string {
  const day = new Date(now).toISOString().slice(0, 10).replaceAll("-", "");
  return `${macos_version}-${macos_build}-${day}`;
}

/** What stands in the image itself, so that one who has pulled it can tell what it is. */
export function labelsOf(release: Release, now: number): Record<string, string> {
  return {
    "org.opencontainers.image.created": new Date(now).toISOString(),
    "org.opencontainers.image.version": release.macos_version,
    "dev.tartfleet.macos-build": release.macos_build,
    "dev.tartfleet.ipsw": release.ipsw_url,
    ...(release.ipsw_sha256 === "" ? {} : { "dev.tartfleet.ipsw-sha256": release.ipsw_sha256 }),
  };
}
