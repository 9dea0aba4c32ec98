# What a release of macOS is: releases/*.pkrvars.hcl give all of these.

variable "release" {
  type        = string
  description = "Apple's name of the release in small letters, e.g. tahoe."
}

variable "macos_version" {
  type        = string
  description = "What `sw_vers -productVersion` says in the guest."
}

variable "macos_build" {
  type        = string
  description = "What `sw_vers -buildVersion` says in the guest."
}

variable "ipsw_url" {
  type        = string
  description = "Apple's restore image of exactly that build."
}

variable "ipsw_sha256" {
  type        = string
  default     = ""
  description = "Of the restore image, in hex. Empty where nobody has told it yet."
}

variable "disk_format" {
  type        = string
  default     = "raw"
  description = "raw, or asif (sparse; needs macOS 26 or later on the host)."
}

variable "run_extra_args" {
  type        = list(string)
  default     = []
  description = "For the first `tart run` after the restore."
}

variable "sip" {
  type        = string
  default     = "on"
  description = "System Integrity Protection in the images: on, or off for UI tests that drive other programs."
}

# What `npm run images -- plan` works out for each layer.

variable "ipsw" {
  type        = string
  default     = ""
  description = "The restore image as a file on this Mac. Empty: tart fetches ipsw_url itself, and nobody checks its SHA-256."
}

variable "from_vm" {
  type        = string
  default     = ""
  description = "The VM that the layer begins with."
}

variable "vm_name" {
  type        = string
  default     = ""
  description = "The VM that the layer makes."
}

# What may be chosen.

variable "cpu_count" {
  type        = number
  default     = 4
  description = "While it is built, and what a VM gets that asks for nothing."
}

variable "memory_gb" {
  type    = number
  default = 8
}

variable "disk_size_gb" {
  type        = number
  default     = 140
  description = "Decimal gigabytes, for all layers: behind a kept recovery partition the disk cannot grow later. A raw disk of 140 makes 263 layers in a registry."
}

variable "free_space_mb" {
  type        = number
  default     = 15000
  description = "What must be left on the disk of a finished layer."
}

variable "guest_agent_formula" {
  type = string
  # tart's own tap has moved to openai/tools. Whether the agent's has is not known; the old name is what was seen to work.
  default     = "cirruslabs/cli/tart-guest-agent"
  description = "Homebrew's name of the Tart guest agent."
}

variable "formulae" {
  type        = list(string)
  default     = ["awscli", "ca-certificates", "cmake", "gh", "git-lfs", "jq", "mise", "node@24", "wget", "yq"]
  description = "What the base layer installs by Homebrew."
}

variable "xcode_version" {
  type        = string
  default     = ""
  description = "As `xcodes` names it, e.g. 26.4."
}

variable "xcode_xip" {
  type        = string
  default     = ""
  description = "Xcode_<version>.xip on this Mac, from developer.apple.com: Apple gives it to people who are signed in."
}

variable "xcode_xip_sha256" {
  type        = string
  default     = ""
  description = "In hex; empty: not checked."
}

variable "xcode_platforms" {
  type        = list(string)
  default     = ["iOS"]
  description = "Simulators to install: iOS, tvOS, watchOS, visionOS. Each takes gigabytes."
}

variable "xcode_runtimes" {
  type        = list(string)
  default     = []
  description = "Exactly these simulators' runtimes must be there at the end, e.g. [\"iOS 26.4\"]. Empty: one of each platform, whichever Xcode brings."
}

variable "github_runner_version" {
  type = string
  # GitHub refuses runners that are more than about thirty days behind: build anew before that.
  default = "2.336.0"
}

variable "github_runner_sha256" {
  type        = string
  default     = "8e8839c49b7060b6b2154f4931f815df330c27f167d53ef2239ee3dfce28b079"
  description = "Of actions-runner-osx-arm64-<version>.tar.gz, as GitHub's release notes tell it."
}

variable "azure_agent_version" {
  type        = string
  default     = ""
  description = "Of Azure Pipelines' agent, e.g. 4.274.0, with azure_agent_sha256. Empty: it is not installed."
}

variable "azure_agent_sha256" {
  type        = string
  default     = ""
  description = "Of vsts-agent-osx-arm64-<version>.tar.gz, as the agent's release notes tell it."
}

variable "java_formula" {
  type        = string
  default     = "openjdk@21"
  description = "For Jenkins."
}

variable "jenkins_url" {
  type        = string
  default     = ""
  description = "The controller whose agent.jar is baked. Empty: Java alone is."
}
