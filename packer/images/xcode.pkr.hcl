# One Xcode and the simulators of its platforms.

source "tart-cli" "xcode" {
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
  name    = "xcode"
  sources = ["source.tart-cli.xcode"]

  provisioner "file" {
    source      = var.xcode_xip
    destination = "/Users/admin/Downloads/Xcode_${var.xcode_version}.xip"
  }

  provisioner "shell" {
    environment_vars = [
      "XCODE_VERSION=${var.xcode_version}",
      "XCODE_XIP_SHA256=${var.xcode_xip_sha256}",
      "XCODE_PLATFORMS=${join(" ", var.xcode_platforms)}",
      "XCODE_RUNTIMES=${join(",", var.xcode_runtimes)}",
      "FREE_SPACE_MB=${var.free_space_mb}",
    ]
    scripts = [
      "${path.root}/scripts/xcode/install-xcode.sh",
      "${path.root}/scripts/xcode/platforms.sh",
      "${path.root}/scripts/xcode/assert-runtimes.sh",
      "${path.root}/scripts/xcode/certificates.sh",
      "${path.root}/scripts/xcode/push-notifications-off.sh",
      "${path.root}/scripts/xcode/await-simulator-caches.sh",
      "${path.root}/scripts/last/clean.sh",
      "${path.root}/scripts/last/assert-free-space.sh",
    ]
  }
}
