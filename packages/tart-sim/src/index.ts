export { FAKE_ECR_HOST, startFakeEcr, type FakeEcr, type FakeEcrOptions } from "./aws/fake-ecr.ts";
export {
  startFakeGitHub,
  type FakeGitHub,
  type FakeGitHubOptions,
  type FakeJob,
  type FakeJobView,
} from "./github/server.ts";
export { startRegistry, type SimRegistry, type SimRegistryOptions } from "./registry/server.ts";
export {
  dockerRegistryIsMissing,
  REGISTRY_USER,
  startDockerRegistry,
  type DockerRegistry,
  type DockerRegistryOptions,
} from "./registry/docker-registry.ts";
export type { ImageEntry } from "./registry/catalogue.ts";
export type { Fault, FaultKind, FaultMatch } from "./host/faults.ts";
export { makeSimHost, tartPath, type SimHost, type SimHostOptions } from "./sim-host.ts";
