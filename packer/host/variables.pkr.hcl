# What a release of macOS is: releases/*.pkrvars.hcl give all of these.

variable "release" {
  type        = string
  description = "Apple's name of the release in small letters, e.g. tahoe."
}

variable "macos_major" {
  type        = number
  description = "Of the host. A host cannot run VMs of a newer macOS than its own."
}

variable "tart_version" {
  type        = string
  description = "The one that fits that macOS: docs/macs.md."
}

variable "tart_sha256" {
  type        = string
  default     = ""
  description = "Of tart.tar.gz of that version, in hex; empty: only its signature is looked at."
}

# What must be said.

variable "host_id" {
  type        = string
  default     = ""
  description = "The dedicated host to build on, h-…: one that the fleet does not use, for it is scrubbed afterwards."
}

variable "host_resource_group_arn" {
  type        = string
  default     = ""
  description = "In place of host_id: a group of hosts."
}

variable "subnet_id" {
  type        = string
  description = "In the availability zone of the host."
}

variable "agent_version" {
  type        = string
  description = "Of the bundle to install, as `npm run bundle -- --release` named it."
}

variable "bundles" {
  type        = string
  default     = "dist"
  description = "Folder of the bundle's archive, SHA256SUMS and SHA256SUMS.sig."
}

variable "allowed_signers" {
  type        = string
  description = "File of whose signature the bundle must bear, and hosts take upgrades of, as ssh-keygen(1) has it."
}

# What may be chosen.

variable "region" {
  type        = string
  default     = ""
  description = "Empty: that of AWS_REGION or of the profile."
}

variable "instance_type" {
  type        = string
  default     = "mac2.metal"
  description = "What the host is. The AMI starts on other types with Apple silicon as well."
}

variable "source_ami" {
  type        = string
  default     = ""
  description = "An AMI of AWS' to begin with; empty: the newest of macos_major."
}

variable "license_configuration_arn" {
  type        = string
  default     = ""
  description = "Of the licence configuration that a host resource group asks for."
}

variable "ssh_interface" {
  type        = string
  default     = "public_ip"
  description = "How packer reaches it: public_ip, private_ip (from within the VPC), or session_manager, which needs iam_instance_profile."
}

variable "iam_instance_profile" {
  type        = string
  default     = ""
  description = "Only for session_manager. Nothing else on the way to an AMI asks AWS for anything."
}

variable "root_gib" {
  type        = number
  default     = 300
  description = "The smallest volume that instances can have. A larger one is grown into at boot."
}

variable "iops" {
  type    = number
  default = 10000
}

variable "throughput_mibps" {
  type        = number
  default     = 500
  description = "For gp3 at most a quarter of iops."
}

variable "kms_key_id" {
  type        = string
  default     = ""
  description = "Encrypts the volume and the AMI; empty: the account's key for EBS, which no other account can use."
}

variable "deprecate_after_days" {
  type        = number
  default     = 180
  description = "From then on AWS no longer shows it to others. Instances of it go on."
}

variable "images" {
  type        = list(string)
  default     = []
  description = "Images that come with the AMI, by digest: repository@sha256:… Each makes it larger by what it takes on disk."
}

variable "registry_username" {
  type        = string
  default     = ""
  description = "For images; AWS for ECR."
}

variable "registry_password" {
  type        = string
  default     = ""
  sensitive   = true
  description = "For images. By the variable PKR_VAR_registry_password, from `aws ecr get-login-password`; it is not kept."
}

variable "ecr_helper_registry" {
  type        = string
  default     = ""
  description = "123456789012.dkr.ecr.eu-central-1.amazonaws.com: people at a host's shell can pull from there, too. The agent needs no such thing."
}

variable "manifest" {
  type        = string
  default     = "ami.json"
  description = "File to write the AMI's id into."
}
