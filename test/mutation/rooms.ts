import { readdirSync } from "node:fs";

/** Rooms whose code is not mutated, with the reason. */
const exempt: Readonly<Record<string, string>> = {
  presets: "It is policy text, which the unit tests pin word for word and test/crds compares with the CRDs.",
  manifests: "It writes CEL and RBAC as text, which test/cluster and test/prove compare with a real API server.",
};

/** The rooms of the library whose unit tests must notice every change of the code: the folders of `lib/` that are not exempt. */
export const rooms: readonly string[] = readdirSync(new URL("../../lib", import.meta.url), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !Object.hasOwn(exempt, entry.name))
  .map(({ name }) => name)
  .sort();

/** The tests for every mutant: the rooms' unit tests. */
export const tests = {
  include: rooms.map((room) => `test/unit/lib/${room}/**/*.test.ts`),
  // Property tests are slow, and a readable test row must kill each mutant.
  exclude: ["test/unit/lib/*/properties.test.ts"],
};

// The workflow runs one job for each room.
if (import.meta.main) console.log(JSON.stringify(rooms));
