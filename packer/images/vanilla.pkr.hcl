# macOS as Apple ships it, through the Setup Assistant, reachable by ssh as admin/admin.

source "tart-cli" "vanilla" {
  from_ipsw = var.ipsw != "" ? var.ipsw : var.ipsw_url
  vm_name   = var.vm_name

  cpu_count    = var.cpu_count
  memory_gb    = var.memory_gb
  disk_size_gb = var.disk_size_gb
  disk_format  = var.disk_format
  # Without it no `softwareupdate` in the guest.
  recovery_partition = "keep"
  # The installation is not quite over when tart says so.
  create_grace_time = "30s"

  run_extra_args = var.run_extra_args
  boot_command   = local.setup_assistant[var.release]

  ssh_username = "admin"
  ssh_password = "admin"
  ssh_timeout  = "15m"
}

build {
  name    = "vanilla"
  sources = ["source.tart-cli.vanilla"]

  provisioner "shell" {
    environment_vars = [
      "MACOS_VERSION=${var.macos_version}",
      "MACOS_BUILD=${var.macos_build}",
    ]
    scripts = [
      "${path.root}/scripts/vanilla/assert-macos.sh",
      "${path.root}/scripts/vanilla/await-migration.sh",
      "${path.root}/scripts/vanilla/passwordless-sudo.sh",
      "${path.root}/scripts/vanilla/auto-login.sh",
      "${path.root}/scripts/vanilla/never-sleep.sh",
      "${path.root}/scripts/vanilla/never-lock.sh",
      "${path.root}/scripts/vanilla/time-zone.sh",
      "${path.root}/scripts/vanilla/safari-driver.sh",
      "${path.root}/scripts/vanilla/assert-open.sh",
    ]
  }
}
