import type { Release } from "../templates/release.ts";

/** Does Apple's file hold what the variables say? Its name has both: UniversalMac_26.5_25F71_Restore.ipsw. */
export function restoreImageProblems({
  macos_version,
  macos_build,
  ipsw_url,
  release,
  file,
}: Release): string[] {
  const rules: [boolean, string][] = [
    [
      ipsw_url.endsWith(`/UniversalMac_${macos_version}_${macos_build}_Restore.ipsw`),
      `ipsw_url is not of macOS ${macos_version} (${macos_build})`,
    ],
    [
      Number.parseInt(macos_build, 10) === buildMajor(macos_version),
      `macos_build is not of macOS ${macos_version}`,
    ],
    [file === `releases/${release}.pkrvars.hcl`, "the file must be named as the release"],
  ];
  return rules.filter(([kept]) => !kept).map(([, problem]) => problem);
}

/** With what Apple's builds of a macOS begin: 24 of macOS 15, 25 of 26, 26 of 27. */
function buildMajor(version: string): number {
  const major = Number.parseInt(version, 10);
  return major >= 26 ? major - 1 : major + 9;
}
