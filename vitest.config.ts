import { defineConfig } from "vitest/config";

/** What `npm test` runs. The suites that need a control plane or the Lambda runtime client have a configuration of their own. */
export default defineConfig({
  test: {
    include: ["test/unit/**/*.test.ts", "test/integration/**/*.test.ts"],
    // A property is tried some hundred times, and the machine may be busy with something else.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    coverage: { provider: "v8", include: ["lib/**/*.ts", "functions/**/*.ts"], reporter: ["text"] },
  },
});
