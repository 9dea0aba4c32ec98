// What the bootstrap takes from the npm registry.
export const NPX_PACKAGES = { node: "node@24.21.0", pnpm: "pnpm@12.21.0" };
