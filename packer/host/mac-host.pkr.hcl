# The AMI from which EC2 Macs of the fleet start: AWS' own of a macOS, with Tart, the agent and what a host needs. It knows no
# control plane and holds no token: instances are told by their tags.

locals {
  archive = "tartfleet-agent-${var.agent_version}-darwin-arm64"
  tags = {
    Name                    = "tartfleet-host-${var.release}-${var.agent_version}"
    "tartfleet:release"     = var.release
    "tartfleet:agent"       = var.agent_version
    "tartfleet:tart"        = var.tart_version
    "tartfleet:made-from"   = "{{ .SourceAMI }}"
    "tartfleet:base-system" = "{{ .SourceAMIName }}"
  }
}

source "amazon-ebs" "mac-host" {
  region        = var.region
  instance_type = var.instance_type

  # The newest of that macOS, or the given one, which must then be of that macOS as well.
  source_ami = var.source_ami
  source_ami_filter {
    owners      = ["amazon"]
    most_recent = true
    filters = {
      name                = "amzn-ec2-macos-${var.macos_major}.*-arm64"
      architecture        = "arm64_mac"
      root-device-type    = "ebs"
      virtualization-type = "hvm"
    }
  }

  # Of the two places one; a Mac is never on shared hardware.
  placement {
    tenancy                 = "host"
    host_id                 = var.host_id
    host_resource_group_arn = var.host_resource_group_arn
  }
  dynamic "license_specifications" {
    for_each = var.license_configuration_arn == "" ? [] : [var.license_configuration_arn]
    content {
      license_configuration_request {
        license_configuration_arn = license_specifications.value
      }
    }
  }

  # The subnet must be in the host's zone.
  subnet_id                                 = var.subnet_id
  associate_public_ip_address               = var.ssh_interface == "public_ip"
  temporary_security_group_source_public_ip = var.ssh_interface == "public_ip"
  iam_instance_profile                      = var.iam_instance_profile

  ssh_username              = "ec2-user"
  ssh_interface             = var.ssh_interface
  ssh_timeout               = "2h"
  ssh_clear_authorized_keys = true

  # A Mac takes its time to start, to stop and to be imaged; packer's own ten minutes end in ResourceNotReady.
  aws_polling {
    delay_seconds = 60
    max_attempts  = 240
  }

  ebs_optimized           = true
  ena_support             = true
  ami_virtualization_type = "hvm"
  launch_block_device_mappings {
    device_name           = "/dev/sda1"
    volume_type           = "gp3"
    volume_size           = var.root_gib
    iops                  = var.iops
    throughput            = var.throughput_mibps
    encrypted             = true
    kms_key_id            = var.kms_key_id
    delete_on_termination = true
  }

  # While it is built, and, by imds_support, of every instance that is started from it.
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
    instance_metadata_tags      = "enabled"
  }
  imds_support = "v2.0"

  ami_name        = "tartfleet-host-${var.release}-${var.agent_version}-{{timestamp}}"
  ami_description = "tartfleet host: macOS ${var.macos_major}, tart ${var.tart_version}, agent ${var.agent_version}"
  deprecate_at    = timeadd(timestamp(), "${var.deprecate_after_days * 24}h")
  tags            = local.tags
  snapshot_tags   = local.tags
  run_tags        = { Name = "tartfleet-host-builder" }
  run_volume_tags = { Name = "tartfleet-host-builder" }
}

build {
  name    = "mac-host"
  sources = ["source.amazon-ebs.mac-host"]

  # packer is ec2-user here; what must be root's is moved by a script.
  provisioner "file" {
    sources = [
      "${var.bundles}/${local.archive}.tar.gz",
      "${var.bundles}/SHA256SUMS",
      "${var.bundles}/SHA256SUMS.sig",
      var.allowed_signers,
      "${path.root}/files/zshenv",
    ]
    destination = "/tmp/"
  }

  provisioner "shell" {
    environment_vars = [
      "MACOS_MAJOR=${var.macos_major}",
      "TART_VERSION=${var.tart_version}",
      "TART_SHA256=${var.tart_sha256}",
      "ARCHIVE=${local.archive}",
      "ALLOWED_SIGNERS=/tmp/${basename(var.allowed_signers)}",
      "ECR_HELPER_REGISTRY=${var.ecr_helper_registry}",
    ]
    scripts = [
      "${path.root}/scripts/assert-macos.sh",
      "${path.root}/scripts/grow-volume.sh",
      "${path.root}/scripts/shell-environment.sh",
      "${path.root}/scripts/install-tart.sh",
      "${path.root}/scripts/ecr-helper.sh",
      "${path.root}/scripts/verify-bundle.sh",
      "${path.root}/scripts/keep-password.sh",
      "${path.root}/scripts/set-password.sh",
      "${path.root}/scripts/install-agent.sh",
    ]
  }

  # The password comes in a file that is removed, not in a command line.
  provisioner "shell" {
    use_env_var_file = true
    environment_vars = [
      "IMAGES=${join(" ", var.images)}",
      "TART_REGISTRY_USERNAME=${var.registry_username}",
      "TART_REGISTRY_PASSWORD=${var.registry_password}",
    ]
    scripts = ["${path.root}/scripts/pull-images.sh"]
  }

  provisioner "shell" {
    scripts = [
      "${path.root}/scripts/clean.sh",
      "${path.root}/scripts/assert-clean.sh",
    ]
  }

  # What a launch template takes the AMI's id from.
  post-processor "manifest" {
    output     = var.manifest
    strip_path = true
  }
}
