import { isDeepStrictEqual } from "node:util";
import { isObject, type JsonObject } from "../../lib/meta/json.ts";

const verbs: Readonly<Record<string, string>> = {
  CREATE: "create",
  UPDATE: "edit",
  DELETE: "delete",
  CONNECT: "connect to",
};

/** Says in a few words which write a review is about: `create`, `edit labels`, `edit spec`. Empty where the review does not say. */
export function describeWrite(request: JsonObject): string {
  const { operation, subResource, object, oldObject } = request;
  const verb = verbs[String(operation)];
  if (verb === undefined) return "";
  const parts = verb === "edit" && isObject(object) && isObject(oldObject) ? changedParts(object, oldObject) : [];
  if (parts.length > 0) return `${verb} ${parts.join(", ")}`;
  return typeof subResource === "string" && subResource !== "" ? `${verb} ${subResource}` : verb;
}

/** Members of an object that differ: of the metadata each by its own name, because `metadata` alone says too little. */
const changedParts = (object: JsonObject, before: JsonObject): readonly string[] =>
  differing(object, before).flatMap((key) => {
    const [now, then] = [object[key], before[key]];
    return key === "metadata" && isObject(now) && isObject(then) ? differing(now, then) : [key];
  });

const differing = (one: JsonObject, other: JsonObject): readonly string[] =>
  [...new Set([...Object.keys(one), ...Object.keys(other)])].filter((key) => !isDeepStrictEqual(one[key], other[key]));
