const BOUNDARY = "tartfleet-boot";
/** cloud-init runs a machine's script once; this has it run at every boot. */
const AT_EVERY_BOOT = "#cloud-config\ncloud_final_modules:\n  - [scripts-user, always]\n";

/**
 * User data that runs a script at every boot.
 *
 * @param script for bash, with its `#!` line
 * @param variables what the script finds set; values are put in single quotes, so that they must have none
 */
export function bootParts(script: string, variables: Readonly<Record<string, string>>): string {
  const [interpreter, ...lines] = script.split("\n");
  const settings = Object.entries(variables).map(([name, value]) => `export ${name}='${value}'`);
  const parts = [
    ["text/cloud-config", AT_EVERY_BOOT],
    ["text/x-shellscript", [interpreter, ...settings, ...lines].join("\n")],
  ];
  return [
    `Content-Type: multipart/mixed; boundary="${BOUNDARY}"`,
    "MIME-Version: 1.0",
    "",
    ...parts.flatMap(([type, text]) => [
      `--${BOUNDARY}`,
      `Content-Type: ${type}; charset="utf-8"`,
      "MIME-Version: 1.0",
      "",
      text,
    ]),
    `--${BOUNDARY}--`,
    "",
  ].join("\n");
}
