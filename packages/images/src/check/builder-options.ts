/** The options of builder `tart-cli` in packer-plugin-tart 1.21.0, from its generated builder.hcl2spec.go. */
const OWN = `from_ipsw from_iso vm_base_name vm_name allow_insecure always_pull pull_concurrency cpu_count
create_grace_time disk_size_gb disk_format recovery_partition display headless memory_gb recovery rosetta
run_extra_args ip_extra_args`;

/** Of packer's SDK: boot_command, what it may fetch, and ssh. */
const SDK = `boot_keygroup_interval boot_wait boot_command disable_vnc boot_key_interval http_directory http_content
http_port_min http_port_max http_bind_address http_interface http_network_protocol communicator
pause_before_connecting ssh_host ssh_port ssh_username ssh_password ssh_private_key_file ssh_pty ssh_timeout
ssh_handshake_attempts ssh_keep_alive_interval ssh_read_write_timeout`;

const OPTIONS: ReadonlySet<string> = new Set(`${OWN} ${SDK}`.split(/\s+/));

/**
 * What the plugin would refuse of a source, or do otherwise than it was meant. `packer validate` does it on a Mac
 * only, for the plugin runs nowhere else.
 */
export function builderProblems(source: Readonly<Record<string, unknown>>): string[] {
  const has = (option: string) => source[option] !== undefined;
  const origins = ["from_ipsw", "from_iso", "vm_base_name"].filter(has);
  const rules: [boolean, string][] = [
    [has("vm_name"), "vm_name is missing"],
    [origins.length < 2, `${origins.join(" and ")} exclude one another`],
    [origins.length > 0, "without an origin the VM vm_name itself is changed"],
    // Deleting it is the default: no softwareupdate in the guest, and an error for asif.
    [source["recovery_partition"] === "keep", 'recovery_partition must be "keep"'],
    [!has("boot_command") || source["disable_vnc"] !== true, "boot_command is passed over with disable_vnc"],
    [
      source["communicator"] === "none" || (has("ssh_username") && has("ssh_password") && has("ssh_timeout")),
      "ssh needs ssh_username, ssh_password and ssh_timeout",
    ],
    [
      !has("disk_size_gb") || has("from_ipsw"),
      "behind a kept recovery partition a disk cannot grow: disk_size_gb belongs to from_ipsw",
    ],
  ];
  return [
    ...Object.keys(source)
      .filter((option) => !OPTIONS.has(option))
      .map((option) => `tart-cli has no option ${option}`),
    ...rules.filter(([kept]) => !kept).map(([, problem]) => problem),
  ];
}
