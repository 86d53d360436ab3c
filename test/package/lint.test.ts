import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { problemAffectsResolutionKind } from "@arethetypeswrong/core/problems";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, expect, test } from "vitest";
import { packAll } from "../support/packed.ts";

const folder = mkdtempSync(join(tmpdir(), "package-lint-"));
afterAll(() => rmSync(folder, { recursive: true }));

let tarball: Uint8Array<ArrayBuffer>;
beforeAll(async () => {
  tarball = new Uint8Array(readFileSync((await packAll(folder)).own));
});

test("publint finds nothing in the tarball, not even a suggestion", async () => {
  const { messages, pkg } = await publint({ pack: { tarball: tarball.buffer }, strict: true });
  expect(pkg["name"]).toBe("impersonation-admission");
  expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([]);
});

test("are-the-types-wrong finds nothing for ECMAScript modules and bundlers", async () => {
  const analysis = await checkPackage(createPackageFromTarballData(tarball));
  if (!analysis.types) throw new Error("the tarball has no types");
  // The package is ESM only: `require` without types of its own, and the resolution of before `exports`, are not offered.
  const offered = (["node16-esm", "bundler"] as const).map((kind) =>
    analysis.problems.filter((problem) => problemAffectsResolutionKind(problem, kind, analysis)),
  );
  expect(Object.keys(analysis.entrypoints)).toEqual(expect.arrayContaining([".", "./rbac", "./manifests"]));
  expect(offered).toEqual([[], []]);
});
