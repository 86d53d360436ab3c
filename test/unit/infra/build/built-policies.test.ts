import { createRequire } from "node:module";
import { Script } from "node:vm";
import { build } from "esbuild";
import { expect, test } from "vitest";
import * as read from "../../../../functions/policies/index.ts";
import { builtPolicies } from "../../../../infra/build/built-policies.ts";

test("built policies are those of the source, and the code that reads them is not in the bundle", async () => {
  const { outputFiles, metafile } = await build({
    entryPoints: [createRequire(import.meta.url).resolve("../../../../functions/policies/index.ts")],
    bundle: true,
    format: "iife",
    globalName: "built",
    write: false,
    metafile: true,
    plugins: [builtPolicies()],
  });
  const built = new Script(`${outputFiles[0]?.text}; built`).runInThisContext();
  expect([...built.policies]).toEqual([...read.policies]);
  expect(built.defaultPolicy).toBe(read.defaultPolicy);
  expect(Object.keys(metafile.inputs)).toEqual(["functions/policies/index.ts"]);
});
