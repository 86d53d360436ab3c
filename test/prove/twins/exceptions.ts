import { afterOf } from "./merge.ts";
import type { Case, Stored, Write } from "./write.ts";

/** What a write may leave alone in a way that CEL cannot tell, so that the twins take it for a change. */
export type Exception = "number" | "children";

/** A change that the twins take a write for. */
export interface Mistaken {
  readonly exception: Exception;
  readonly change: Write;
}

/** Whether it is a list of children as Razee's controllers write it, or simpler: no number, nothing deeper. */
const isPlain = (children: unknown): boolean => {
  const isText = (value: unknown): boolean => typeof value === "string" && !value.startsWith("#");
  const isMapOf = (value: unknown, holds: (item: unknown) => boolean): boolean =>
    typeof value === "object" && value !== null && !Array.isArray(value) && Object.values(value).every(holds);
  return isText(children) || isMapOf(children, (item) => isText(item) || isMapOf(item, isText));
};

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** With `1.0` as `1`, as the API server writes it. */
const asWritten = (value: unknown): unknown =>
  value === undefined
    ? undefined
    : JSON.parse(JSON.stringify(value), (_key, item) =>
        typeof item === "string" && /^#-?\d{1,15}\.0$/.test(item) ? item.slice(0, -2) : item,
      );

/** The change that the twins take a write for; undefined for most. */
export const mistakenFor = ({ write, before }: Case): Mistaken | undefined => {
  if (!before) return undefined;
  const { sort, kind, version, name } = write;
  const after = afterOf(write, before);
  const change = { sort, kind, version, name, by: "merge" } as const;
  if (sort === "update") {
    const isNotation = !isSame(before.spec, after.spec) && isSame(asWritten(before.spec), asWritten(after.spec));
    return isNotation
      ? { exception: "number", change: { ...change, what: "spec", spec: { changed: "yes" } } }
      : undefined;
  }
  const children = before.status?.["children"];
  const isLeft = isSame(children, (after.status as Stored["status"] | null)?.["children"]);
  const more = { children: { changed: { yes: "yes" } } };
  return children !== undefined && !isPlain(children) && isLeft
    ? { exception: "children", change: { ...change, what: "status.children", status: more } }
    : undefined;
};
