# What every job needs: the guest agent, Homebrew and tools, a quiet system.

source "tart-cli" "base" {
  vm_base_name = var.from_vm
  vm_name      = var.vm_name

  cpu_count          = var.cpu_count
  memory_gb          = var.memory_gb
  disk_format        = var.disk_format
  recovery_partition = "keep"
  headless           = true

  ssh_username = "admin"
  ssh_password = "admin"
  ssh_timeout  = "15m"
}

build {
  name    = "base"
  sources = ["source.tart-cli.base"]

  provisioner "file" {
    source      = "${path.root}/files"
    destination = "/tmp"
  }

  provisioner "file" {
    source      = "${path.root}/launchd"
    destination = "/tmp"
  }

  # First of all: from here on commands by ssh have the PATH of a job.
  provisioner "shell" {
    scripts = [
      "${path.root}/scripts/base/shell-environment.sh",
      "${path.root}/scripts/base/spotlight-off.sh",
      "${path.root}/scripts/base/updates-off.sh",
      "${path.root}/scripts/base/command-line-tools.sh",
      "${path.root}/scripts/base/homebrew.sh",
    ]
  }

  provisioner "shell" {
    environment_vars = [
      "FORMULAE=${join(" ", var.formulae)}",
      "GUEST_AGENT_FORMULA=${var.guest_agent_formula}",
      "SIP=${var.sip}",
      "FREE_SPACE_MB=${var.free_space_mb}",
    ]
    scripts = [
      "${path.root}/scripts/base/tools.sh",
      "${path.root}/scripts/base/guest-agent.sh",
      "${path.root}/scripts/base/launchd-jobs.sh",
      "${path.root}/scripts/base/known-hosts.sh",
      "${path.root}/scripts/base/runner-home.sh",
      "${path.root}/scripts/base/automation-mode.sh",
      "${path.root}/scripts/base/automation-permissions.sh",
      "${path.root}/scripts/last/clean.sh",
      "${path.root}/scripts/last/assert-free-space.sh",
    ]
  }
}
