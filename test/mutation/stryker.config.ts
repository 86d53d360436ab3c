import type { Stryker } from "@stryker-mutator/core";
import { reports } from "./reports.ts";
import { rooms } from "./rooms.ts";

export default {
  mutate: rooms.map((room) => `lib/${room}/**/*.ts`),
  testRunner: "vitest",
  vitest: { configFile: "test/mutation/vitest.config.ts" },
  plugins: ["@stryker-mutator/vitest-runner"],
  coverageAnalysis: "perTest",
  // Types do not matter to a mutant, and a comment that is put before a file would move its lines.
  disableTypeChecks: false,
  // What the tests read. Not tsconfig.json: Stryker would rewrite it with an API that TypeScript no longer has.
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
  // `npm run mutate` judges: it knows which mutants mean the same as the code.
  thresholds: { high: 100, low: 100, break: null },
  // Mutants of what is made when a file is loaded are slow, and are wanted all the same.
  warnings: { slow: false, unknownOptions: true, preprocessorErrors: true, unserializableOptions: true },
} satisfies ConstructorParameters<typeof Stryker>[0];
