packer {
  # 1.7 is the first that has `packer init`.
  required_version = ">= 1.7.0"

  required_plugins {
    amazon = {
      # What this is written by. Placement in a host resource group came long before.
      version = "~> 1.8"
      source  = "github.com/hashicorp/amazon"
    }
  }
}
