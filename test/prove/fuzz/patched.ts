import assert from "node:assert/strict";
import fastJsonPatch, { type Operation } from "fast-json-patch";
import type { JsonObject, PatchOperation } from "../../../lib/index.ts";
import { isSame } from "./exact-json.ts";

const { applyPatch, unescapePathComponent } = fastJsonPatch;

/** The parent of the place that a pointer leads to, and the key in it; undefined where there is none. */
const holderOf = (
  tree: unknown,
  pointer: string,
): readonly [holder: Record<string, unknown>, key: string] | undefined => {
  const keys = pointer.split("/").slice(1).map(unescapePathComponent);
  const last = keys.pop() ?? "";
  let at = tree;
  for (const key of keys) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as JsonObject)[key];
  }
  return typeof at === "object" && at !== null ? [at as Record<string, unknown>, last] : undefined;
};

const valueAt = (tree: unknown, pointer: string): unknown => {
  const [holder, key] = holderOf(tree, pointer) ?? [];
  return holder && key !== undefined && Object.hasOwn(holder, key) ? holder[key] : undefined;
};

/**
 * Applies a patch with an independent library. Asserts that it makes only missing parents of the places that may be written,
 * sets only those, and leaves the rest as it was.
 *
 * @param read reads the object anew, for it is changed in place
 * @param places pointers to what may be written
 */
export const patched = (
  read: () => unknown,
  patch: readonly PatchOperation[],
  places: ReadonlySet<string>,
): unknown => {
  const before = read();
  const leaves = patch.filter(({ value }) => typeof value === "string").map(({ path }) => path);
  assert.ok(leaves.length > 0, "a patch sets a field");
  assert.equal(new Set(patch.map(({ path }) => path)).size, patch.length, "nothing is patched twice");
  // A parent is made before the field that it is made for.
  const due = new Set<string>();
  for (const { path, value } of patch.toReversed()) {
    if (typeof value === "string") {
      assert.ok(places.has(path), `only a field is set, not ${path}`);
      for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) due.add(path.slice(0, end));
    } else {
      assert.deepEqual(value, {}, "a made parent is empty");
      assert.ok(due.has(path), `only a parent of a field is made, not ${path}`);
      assert.equal(valueAt(before, path) ?? null, null, `only a missing parent is made, not ${path}`);
    }
  }

  // Without the library's guard against __proto__: in JSON a key of that name is an ordinary key.
  const make = () => applyPatch(read(), structuredClone(patch) as Operation[], true, true, false).newDocument;
  const undone = make();
  for (const { path } of patch.toReversed()) {
    const [holder, key] = holderOf(undone, path) ?? assert.fail(`the patch made ${path}`);
    const [was, sameKey] = holderOf(before, path) ?? [];
    if (was && sameKey !== undefined && Object.hasOwn(was, sameKey)) holder[key] = was[sameKey];
    else delete holder[key];
  }
  assert.ok(isSame(undone, before), "the patch touches nothing else");
  return make();
};
