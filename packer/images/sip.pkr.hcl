# Vanilla with System Integrity Protection off, switched in recovery: only for images that say sip = "off".

source "tart-cli" "sip" {
  vm_base_name = var.from_vm
  vm_name      = var.vm_name

  cpu_count          = var.cpu_count
  memory_gb          = var.memory_gb
  disk_format        = var.disk_format
  recovery_partition = "keep"

  recovery     = true
  communicator = "none"
  boot_command = [
    # Past the disk, to Options.
    "<wait60s><right><right><enter>",
    # Terminal.
    "<wait60s><leftAltOn>T<leftAltOff>",
    # It asks for a user and that user's password since macOS 15.
    "<wait10s>csrutil disable<enter><wait10s>y<enter>",
    "<wait10s>admin<enter><wait10s>admin<enter>",
    "<wait30s>halt<enter>",
  ]
}

build {
  name    = "sip"
  sources = ["source.tart-cli.sip"]
}
