import { createRequire } from "node:module";

const { proxyHandler, proxyWarmed }: typeof import("./proxy-function.ts") = createRequire(import.meta.url)(
  "./proxy-function.js",
);

// The runtime imports an ES module, and asks for the first call after the module's top-level awaits have ended.
await proxyWarmed();

const handler = awslambda.streamifyResponse(proxyHandler);

export { handler };
