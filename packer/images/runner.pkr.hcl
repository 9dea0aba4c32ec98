# The runners of all CI systems, and not one secret: tartfleet brings the registration when a job comes.

source "tart-cli" "runner" {
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
  name    = "runner"
  sources = ["source.tart-cli.runner"]

  provisioner "shell" {
    environment_vars = [
      "GITHUB_RUNNER_VERSION=${var.github_runner_version}",
      "GITHUB_RUNNER_SHA256=${var.github_runner_sha256}",
      "AZURE_AGENT_VERSION=${var.azure_agent_version}",
      "AZURE_AGENT_SHA256=${var.azure_agent_sha256}",
      "JAVA_FORMULA=${var.java_formula}",
      "JENKINS_URL=${var.jenkins_url}",
      "FREE_SPACE_MB=${var.free_space_mb}",
    ]
    scripts = [
      "${path.root}/scripts/runner/github.sh",
      "${path.root}/scripts/runner/gitlab.sh",
      "${path.root}/scripts/runner/buildkite.sh",
      "${path.root}/scripts/runner/jenkins.sh",
      "${path.root}/scripts/runner/azure.sh",
      "${path.root}/scripts/runner/circleci.sh",
      "${path.root}/scripts/runner/assert-no-secrets.sh",
      "${path.root}/scripts/last/clean.sh",
      "${path.root}/scripts/last/assert-free-space.sh",
    ]
  }
}
