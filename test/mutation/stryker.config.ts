import type { Stryker } from "@stryker-mutator/core";
import { reports } from "./reports.ts";
import { rooms } from "./rooms.ts";

export default {
  mutate: rooms.map((room) => `lib/${room}/**/*.ts`),
  testRunner: "vitest",
  vitest: { configFile: "test/mutation/vitest.config.ts" },
  plugins: ["@stryker-mutator/vitest-runner"],
  coverageAnalysis: "perTest",
  // On a busy machine tests are slow, and a mutant that a test would notice must not look like one that never ends.
  timeoutMS: 30_000,
  // Mutants run without type checks, and the comment that Stryker would insert at the top of a file would move its lines.
  disableTypeChecks: false,
  // The files that the tests read. Not tsconfig.json: Stryker would rewrite it with an API that TypeScript no longer has.
  ignorePatterns: [
    "/*",
    ...["!/package.json", "!/lib", "/lib/tsconfig.json"],
    ...["!/test", "/test/*", "!/test/unit", "!/test/support", "!/test/mutation"],
  ],
  // Inside the project, so that the tests find its packages.
  tempDirName: reports.sandbox,
  cleanTempDir: "always",
  reporters: ["progress-append-only", "json", "html"],
  jsonReporter: { fileName: reports.json },
  htmlReporter: { fileName: reports.html },
  // `npm run mutate` judges the score, because it knows which mutants behave like the code.
  thresholds: { high: 100, low: 100, break: null },
  // Mutants of code that runs when a file is loaded are slow, but needed.
  warnings: { slow: false, unknownOptions: true, preprocessorErrors: true, unserializableOptions: true },
} satisfies ConstructorParameters<typeof Stryker>[0];
