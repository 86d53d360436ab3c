import { createRequire } from "node:module";

const { handler, warmed }: typeof import("./admission.ts") = createRequire(import.meta.url)("./admission.js");

// The runtime imports an ES module, and asks for the first call when what it awaits has ended.
await warmed();

export { handler };
