import { isObject, type JsonObject, member } from "../../lib/meta/json.ts";
import type { Segments } from "../../lib/policy/path.ts";
import { objectsIn } from "../cluster/discovery.ts";

/**
 * A field manager of `metadata.managedFields`. The name is what a client calls itself, not who it is: `kubectl-edit` is everybody who runs
 * `kubectl edit`.
 */
export interface Manager {
  readonly manager: string;
  readonly operation: string;
  /** When it last changed something that it owns. */
  readonly time: string;
}

/** Who owns one field and who owns anything that runs as it, the latest first. What a webhook stamped has no owner. */
export interface Managers {
  readonly field: readonly Manager[];
  readonly spec: readonly Manager[];
}

/**
 * The managers of an object and of one of its fields. Those of a subresource count for nothing, because they cannot write the field; those of
 * the status count for a field in the status.
 */
export function managersOf(object: JsonObject, keys: Segments): Managers {
  const metadata = isObject(object["metadata"]) ? object["metadata"] : {};
  const entries = objectsIn(metadata["managedFields"])
    .filter(({ subresource }) => !subresource || (subresource === "status" && keys[0] === "status"))
    .map((entry) => ({ entry, owned: isObject(entry["fieldsV1"]) ? entry["fieldsV1"] : {} }))
    .toSorted((a, b) => String(b.entry["time"]).localeCompare(String(a.entry["time"])));
  return {
    field: entries
      .filter(({ owned }) => keys.length > 0 && owns(owned, object, keys))
      .map(({ entry }) => managerOf(entry)),
    spec: entries.filter(({ owned }) => Object.keys(owned).some(isSpec)).map(({ entry }) => managerOf(entry)),
  };
}

const managerOf = ({ manager, operation, time }: JsonObject): Manager => ({
  manager: String(manager ?? ""),
  operation: String(operation ?? ""),
  time: String(time ?? ""),
});

const isSpec = (key: string): boolean => key !== "f:metadata" && key !== "f:status";

/**
 * Whether a set of fields holds one (`structured-merge-diff` fieldpath, FieldsV1): `f:` a member, `k:` an item by its keys, `v:` by its
 * value, `i:` by its index. A list that the set ends at is atomic, owned with all that is in it; a map that it ends at was empty when it
 * was written, so another manager wrote what is in it now.
 */
const owns = (owned: JsonObject, value: unknown, keys: Segments): boolean => {
  const [next, ...rest] = keys;
  if (next === undefined) return true;
  const inside = isObject(value) ? member(value, String(next)) : Array.isArray(value) ? value[Number(next)] : undefined;
  const deeper = Object.entries(owned).find(([step]) => leadsTo(step, next, inside))?.[1];
  if (!isObject(deeper)) return false;
  if (rest.length === 0) return true;
  return Object.keys(deeper).length === 0 ? Array.isArray(inside) : owns(deeper, inside, rest);
};

const leadsTo = (step: string, key: string | number, item: unknown): boolean => {
  if (typeof key === "string") return step === `f:${key}`;
  if (step === `i:${key}`) return true;
  const text = step.slice(2);
  if (step.startsWith("v:")) return text === JSON.stringify(item);
  if (!step.startsWith("k:") || !isObject(item)) return false;
  try {
    const wanted: unknown = JSON.parse(text);
    return isObject(wanted) && Object.entries(wanted).every(([name, value]) => member(item, name) === value);
  } catch {
    return false;
  }
};
