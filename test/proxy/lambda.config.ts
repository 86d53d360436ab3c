import { mergeConfig } from "vitest/config";
import { installRuntimeClient } from "../runtime/runtime-client.ts";
import proxy from "./vitest.config.ts";

const missing = installRuntimeClient();
if (missing) {
  const what = `The suite of the proxy's function cannot run: ${missing}.`;
  if (process.env["CI"] === "true") throw new Error(what);
  process.stderr.write(`\n*** SKIPPED: ${what}\n*** The proxy as a Lambda function was not tested.\n\n`);
}
const isAvailable = !missing && (proxy.test?.include ?? []).length > 0;

const { test: { include: _include, exclude: _exclude, ...shared } = {} } = proxy;

export default mergeConfig(
  { test: shared },
  {
    test: {
      name: "proxy-lambda",
      include: isAvailable ? ["test/proxy/lambda*.test.ts"] : [],
      passWithNoTests: !isAvailable,
    },
  },
);
