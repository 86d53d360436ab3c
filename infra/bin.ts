#!/usr/bin/env node
// The installed program. It imports nothing at first, so that an older Node reads it.
const least = 22;

if (Number.parseInt(process.versions.node, 10) >= least) await import("./cli.ts");
else {
  console.error(`impersonation-admission needs Node ${least} or later, not ${process.version}`);
  process.exitCode = 2;
}
