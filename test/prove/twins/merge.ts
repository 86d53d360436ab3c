import type { Stored, Write } from "./write.ts";

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** RFC 7386. */
const merged = (value: unknown, patch: unknown): unknown => {
  if (!isMap(patch)) return patch;
  const result = new Map(Object.entries(isMap(value) ? value : {}));
  for (const [key, change] of Object.entries(patch))
    if (change === null) result.delete(key);
    else result.set(key, merged(result.get(key), change));
  return Object.fromEntries(result);
};

interface Parts {
  readonly annotations?: unknown;
  readonly spec?: unknown;
  readonly status?: unknown;
}

/** The object after a write that no webhook and no policy guards. */
export const afterOf = ({ by, annotations, spec, status }: Write, before: Stored | undefined): Parts => {
  if (by !== "merge") return { annotations, spec, status };
  const given = Object.entries({ annotations, spec, status }).filter(([, part]) => part !== undefined);
  const found = { annotations: before?.annotations, spec: before?.spec, status: before?.status };
  return merged(found, Object.fromEntries(given)) as Parts;
};
