/**
 * What every package's tests have in common. Files named `*.long.test.ts` take minutes and have a lane of
 * their own (`npm run test:long`, vitest's mode "long"). The report is what the commands add up.
 */
export function base(mode: string) {
  const isLong = mode === "long";
  return {
    include: [isLong ? "test/**/*.long.test.ts" : "test/**/*.test.ts"],
    exclude: isLong ? [] : ["test/**/*.long.test.ts"],
    reporters: ["default", "json"],
    outputFile: { json: isLong ? ".reports/vitest-long.json" : ".reports/vitest.json" },
    // For what hangs. What is merely slow beside others on a small machine has the time that it needs.
    testTimeout: isLong ? 300_000 : 120_000,
    hookTimeout: 120_000,
  };
}
