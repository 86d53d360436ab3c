import * as v from "valibot";
import { isHeaderSafe } from "../identity/header-safe.ts";
import { serviceAccountOf } from "../identity/service-account.ts";
import { type Path, parsePath } from "./path.ts";
import type { Field, Policy, Target } from "./policy.ts";
import { presets } from "./presets.ts";

/** A policy that says something it must not say. The message names the place, the value and the fix. */
export class PolicyError extends Error {
  override name = "PolicyError";
}

const name = v.pipe(v.string(), v.check(isHeaderSafe, "must be printable ASCII with no space at either end"));
const text = v.pipe(v.string(), v.nonEmpty("must not be empty"));
const path = v.pipe(
  v.string(),
  v.check(
    (value) => parsePath(value) !== undefined,
    'must be a path such as spec.a.b, spec.list[*].b or metadata.labels["a/b"]',
  ),
  v.transform((value) => parsePath(value) as Path),
);
const isStatus = (at: Path): boolean => at[0] !== "each" && at[0]?.key === "status";

const field = v.union([
  v.pipe(
    path,
    v.transform((at): Field => ({ path: at })),
  ),
  v.strictObject({
    path,
    serviceAccount: v.union([v.picklist(["name", "namespace:name"]), v.strictObject({ namespaceKey: text })]),
  }),
]);

const rule = {
  statusPaths: v.optional(v.array(v.pipe(path, v.check(isStatus, "must begin with status"))), []),
  privileged: v.optional(v.record(name, name), {}),
  onForbidden: v.optional(v.picklist(["requester", "deny"])),
  onEmpty: v.optional(v.union([v.picklist(["requester", "deny", "allow"]), v.strictObject({ default: name })])),
  emptyIsUnprivileged: v.optional(v.literal(true)),
  writers: v.optional(v.array(v.strictObject({ username: name, copiesFrom: text })), []),
  permission: v.optional(v.strictObject({ verb: text, group: v.string(), resource: text })),
};

const target = v.strictObject({
  group: v.string(),
  versions: v.pipe(v.array(text), v.minLength(1, 'must name a version, or ["*"]')),
  resources: v.pipe(v.array(v.pipe(v.string(), v.regex(/^[a-z0-9-]+$/, "must be a plural name"))), v.minLength(1)),
  fields: v.pipe(v.array(field), v.minLength(1, "must name a field")),
  ...rule,
});

const preset = v.strictObject({
  preset: v.picklist(Object.keys(presets) as (keyof typeof presets)[]),
  controller: v.optional(name),
  onForbidden: rule.onForbidden,
  onEmpty: v.optional(v.picklist(["requester", "deny"])),
});

const schema = v.strictObject({
  name: v.pipe(v.string(), v.regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, "must be lower-case letters, digits and -")),
  enforcement: v.optional(v.picklist(["enforce", "audit", "off"]), "enforce"),
  narrowing: v.optional(v.array(text), ["scopes.authorization.openshift.io"]),
  targets: v.pipe(
    v.array(v.lazy((value) => (typeof value === "object" && value !== null && "preset" in value ? preset : target))),
    v.minLength(1, "must hold a target"),
  ),
});

type TargetText = v.InferOutput<typeof target>;

/**
 * Reads a policy from what a JSON or YAML file holds, and checks it. Unknown members are errors: a rule that is misspelt protects nobody.
 *
 * @example readPolicy({ name: "razee", targets: [{ preset: "razee" }] })
 * @throws PolicyError naming the place, the value and the fix
 */
export const readPolicy = (value: unknown): Policy => {
  const read = v.safeParse(schema, value);
  if (!read.success) throw new PolicyError(`policy ${sentenceOf(read.issues[0])}`);
  const policy: Policy = {
    ...read.output,
    targets: read.output.targets.map((entry, index) =>
      "preset" in entry ? presetTarget(entry) : checkedTarget(entry, `targets.${index}`),
    ),
  };
  checkTogether(policy);
  return policy;
};

/** The deepest place that is at fault; of a choice between forms, the first one's. */
const sentenceOf = (issue: v.BaseIssue<unknown>): string => {
  const nested = issue.issues?.[0];
  const at = v.getDotPath(issue);
  if (nested) return `${at ? `${at}${v.getDotPath(nested) ? "." : ""}` : ""}${sentenceOf(nested)}`;
  const what =
    issue.expected === "never"
      ? "is not a member of a policy; look at its spelling"
      : issue.received === "undefined"
        ? "is missing"
        : issue.type === "string" || issue.kind === "schema"
          ? `must be ${issue.expected}, not ${issue.received}`
          : `${issue.message} (it is ${issue.received})`;
  return `${at ? `${at} ` : ""}${what}`;
};

const presetTarget = ({ preset: key, controller, ...choices }: v.InferOutput<typeof preset>): Target => ({
  ...presets[key](controller),
  ...Object.fromEntries(Object.entries(choices).filter(([, choice]) => choice !== undefined)),
});

const checkedTarget = ({ emptyIsUnprivileged, ...entry }: TargetText, at: string): Target => {
  const fail = (what: string): never => {
    throw new PolicyError(`policy ${at}.${what}`);
  };
  const accounts = entry.fields.some((one) => one.serviceAccount !== undefined);
  if (entry.fields.some((one) => isStatus(one.path))) fail("fields: an identity field cannot stand in the status");
  if (accounts && entry.fields.some((one) => one.serviceAccount === undefined))
    fail("fields: usernames and service accounts need a target each, because their rules differ");
  const onForbidden = entry.onForbidden ?? (accounts ? "deny" : "requester");
  const onEmpty = entry.onEmpty ?? (accounts ? "deny" : "requester");
  if (accounts && (onForbidden === "requester" || onEmpty === "requester"))
    fail('onForbidden and onEmpty: a service-account field cannot be set to the requester; say "deny"');
  if (onEmpty === "allow" && emptyIsUnprivileged !== true)
    fail(
      'onEmpty: "allow" needs emptyIsUnprivileged: true, that is, a controller that gives an empty field no rights of its own',
    );
  if (typeof onEmpty === "object") {
    if (Object.hasOwn(entry.privileged, onEmpty.default))
      fail("onEmpty.default: a privileged value is never a default");
    for (const { serviceAccount: form } of entry.fields) {
      if (form === undefined) continue;
      const [first, second] =
        form === "namespace:name" && onEmpty.default.includes(":")
          ? onEmpty.default.split(":")
          : ["x", onEmpty.default];
      if (!serviceAccountOf(`system:serviceaccount:${first}:${second}`))
        fail(`onEmpty.default: ${onEmpty.default} is no service account name`);
    }
  }
  const { permission, ...rest } = entry;
  return {
    ...rest,
    fields: rest.fields as readonly Field[],
    onForbidden,
    onEmpty,
    ...(permission ? { permission } : {}),
  };
};

const checkTogether = ({ targets }: Policy): void => {
  const seen = new Map<string, Target>();
  for (const one of targets)
    for (const resource of one.resources) {
      const key = `${resource}.${one.group}`;
      const other = seen.get(key);
      if (
        other &&
        (one.versions.includes("*") ||
          other.versions.includes("*") ||
          one.versions.some((each) => other.versions.includes(each)))
      )
        throw new PolicyError(`policy targets: ${key} is covered twice in one version; keep one target`);
      seen.set(key, one);
    }
  for (const { writers } of targets)
    for (const { username, copiesFrom } of writers)
      if (!seen.has(copiesFrom))
        throw new PolicyError(
          `policy targets: the writer ${username} copies from ${copiesFrom}, which no target guards; add that target`,
        );
};
