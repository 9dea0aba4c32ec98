packer {
  # 1.7 is the first that has `packer init`.
  required_version = ">= 1.7.0"

  required_plugins {
    tart = {
      # `click` came with 1.16, the ⌘ and ⌥ keys by name with 1.18.
      version = "~> 1.21"
      source  = "github.com/cirruslabs/tart"
    }
  }
}
