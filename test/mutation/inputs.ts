import { createHash } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { closureOf, readImports } from "./import-graph.ts";
import { rooms, tests } from "./rooms.ts";

/** The code that makes mutants, tries them and reads the report. The justifications are left out, because every run checks them. */
const tools = ["stryker.config.ts", "vitest.config.ts", "seed.ts", "mutant.ts"].map((file) => `test/mutation/${file}`);

/**
 * The files that the result of a room depends on: its sources, the tests that import one of them, all files that these tests import, the
 * tools, the versions of the packages, and every file that is not code, because a test may read it.
 */
export const inputsOf = async (root: string): Promise<ReadonlyMap<string, readonly string[]>> => {
  const filesAt = (...patterns: readonly string[]): readonly string[] =>
    globSync(patterns, { cwd: root, withFileTypes: true, exclude: (file) => file.name === "node_modules" })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length));
  const sources = filesAt("lib/**/*.ts");
  const excluded = filesAt(...tests.exclude);
  const tried = filesAt(...tests.include).filter((file) => !excluded.includes(file));
  const graph = await readImports(root, [...sources, ...tried, ...tools]);
  const closures = tried.map((test) => closureOf(graph, test));
  const common = [
    ...["package.json", "package-lock.json"],
    ...tools.flatMap((tool) => [...closureOf(graph, tool)]),
    ...filesAt("{lib,test/unit,test/support}/**/*").filter((file) => !file.endsWith(".ts")),
  ];
  return new Map(
    rooms.map((room) => {
      const own = sources.filter((file) => file.startsWith(`lib/${room}/`));
      const reaching = closures.filter((closure) => own.some((file) => closure.has(file)));
      return [room, [...new Set([...own, ...reaching.flatMap((closure) => [...closure]), ...common])].sort()];
    }),
  );
};

/** A hash of the contents and paths of the files, and of the Node version and the platform. */
export const keyOf = (root: string, files: readonly string[]): string => {
  const hash = createHash("sha256").update(JSON.stringify([process.version, process.platform, process.arch]));
  for (const file of files) {
    const content = createHash("sha256")
      .update(readFileSync(join(root, file)))
      .digest("hex");
    hash.update(`\n${content} ${file}`);
  }
  return hash.digest("hex");
};
