/** What every package's tests have in common. The report is what `npm test` adds up. */
export const base = {
  include: ["test/**/*.test.ts"],
  reporters: ["default", "json"],
  outputFile: { json: ".reports/vitest.json" },
  testTimeout: 30_000,
  hookTimeout: 30_000,
};
