import { createRequire } from "node:module";

const { handler, warmed }: typeof import("./admission.ts") = createRequire(import.meta.url)("./admission.js");

// The runtime imports an ES module, and asks for the first call after the module's top-level awaits have ended.
await warmed();

export { handler };
