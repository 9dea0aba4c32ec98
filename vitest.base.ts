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
    testTimeout: isLong ? 300_000 : 30_000,
    hookTimeout: isLong ? 120_000 : 30_000,
  };
}
