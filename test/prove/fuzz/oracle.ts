import type { JsonObject, Question } from "../../../lib/index.ts";
import { keyOf, type Meaning } from "./answers.ts";
import { isSame, rawOf } from "./exact-json.ts";

/*
 * The rule's promises once more, from the text of the review and of the policy alone, and written without a look at lib/: what may stand in
 * an object that is admitted, and what need not be judged. It does not say what the decision is, only what must be true of it.
 */

/** A target as a policy file writes it, with what a preset stands for. */
export interface TargetText {
  readonly group: string;
  readonly versions: readonly string[];
  readonly resources: readonly string[];
  readonly fields: readonly (string | FieldText)[];
  readonly statusPaths?: readonly string[];
  readonly privileged?: Readonly<Record<string, string>>;
  readonly onEmpty?: unknown;
  readonly writers?: readonly { readonly username: string }[];
  readonly permission?: { readonly verb: string; readonly group: string; readonly resource: string };
}

interface FieldText {
  readonly path: string;
  readonly serviceAccount?: "name" | "namespace:name" | { readonly namespaceKey: string };
}

const controller = "system:serviceaccount:razeedeploy:razeedeploy-sa";
const razee: TargetText = {
  group: "deploy.razee.io",
  versions: ["*"],
  resources: ["remoteresources", "mustachetemplates", "encryptedresources", "remoteresourcess3", "featureflagsetsld"],
  fields: ["spec.clusterAuth.impersonateUser"],
  statusPaths: ["status.children"],
  privileged: { razeedeploy: controller, false: controller },
};

const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const own = (value: unknown, key: string): unknown =>
  isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
/** A string that is not a token. */
const isText = (value: unknown): value is string => typeof value === "string" && rawOf(value) === undefined;
const isNothing = (value: unknown): boolean => value === undefined || value === null;

/** What is known of a review that can be answered. */
export interface Reviewed {
  readonly request: JsonObject;
  readonly policy: JsonObject;
}

/** The request of a review that can be answered: it has its type and version, and a uid. */
export const answerable = (review: unknown): JsonObject | undefined => {
  const request = own(review, "request");
  const uid = own(request, "uid");
  const isReview = own(review, "apiVersion") === "admission.k8s.io/v1" && own(review, "kind") === "AdmissionReview";
  return isReview && isObject(request) && isText(uid) && uid !== "" ? request : undefined;
};

/** The target that covers the request's resource. */
export const targetOf = ({ request, policy }: Reviewed): TargetText | undefined => {
  const resource = own(request, "resource");
  const targets = policy["targets"] as readonly (JsonObject & TargetText)[];
  return targets
    .map((target) => (target["preset"] === "razee" ? { ...razee, ...target } : target))
    .find(
      ({ group, versions, resources }) =>
        group === own(resource, "group") &&
        resources.includes(String(own(resource, "resource"))) &&
        (versions.includes("*") || versions.includes(String(own(resource, "version")))),
    );
};

/** A place that a field leads to. `blocked`: a parent is no object. */
export interface Spot {
  readonly pointer: string;
  readonly value: unknown;
  readonly parent: unknown;
  readonly blocked: boolean;
}

const stepsOf = (path: string): readonly string[] =>
  [...path.matchAll(/\["([^"]+)"\]|\[(\*)\]|([^.[]+)/g)].map(
    ([, quoted, each, plain]) => quoted ?? each ?? plain ?? "",
  );

const escaped = (key: string): string => `/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;

/** Every place in an object that a path leads to. */
export const spotsOf = (object: unknown, path: string): readonly Spot[] => {
  const walk = (value: unknown, steps: readonly string[], pointer: string, parent: unknown): readonly Spot[] => {
    const [step, ...rest] = steps;
    if (step === undefined) return [{ pointer, value, parent, blocked: false }];
    if (isNothing(value))
      return steps.includes("*")
        ? []
        : [{ pointer: pointer + steps.map(escaped).join(""), value: undefined, parent: undefined, blocked: false }];
    if (step === "*" && typeof value === "object")
      return Object.entries(value as object).flatMap(([key, item]) => walk(item, rest, pointer + escaped(key), value));
    if (!isObject(value)) return [{ pointer, value, parent, blocked: true }];
    return walk(own(value, step), rest, pointer + escaped(step), value);
  };
  return walk(object, stepsOf(path), "", undefined);
};

const fieldsOf = (target: TargetText): readonly FieldText[] =>
  target.fields.map((field) => (typeof field === "string" ? { path: field } : field));

/** Where the fields of a target are in an object. */
export const fieldSpots = (target: TargetText, object: unknown): readonly Spot[] =>
  fieldsOf(target).flatMap(({ path }) => spotsOf(object, path));

/** The paths of a field and of the namespace beside it. */
const pathsOf = ({ path, serviceAccount }: FieldText): readonly string[] => {
  if (typeof serviceAccount !== "object") return [path];
  const beside = path.replace(/(\["[^"]+"\]|\.?[^.[]+)$/, "");
  return [path, `${beside}["${serviceAccount.namespaceKey}"]`];
};

const coveredStatus = (reviewed: Reviewed): boolean =>
  own(reviewed.request, "subResource") === "status" && (targetOf(reviewed)?.statusPaths ?? []).length > 0;

/** Whether an update changed nothing that is judged. */
const isUnchanged = (reviewed: Reviewed, target: TargetText): boolean => {
  const { request } = reviewed;
  const [now, old] = [request["object"] as JsonObject, request["oldObject"] as JsonObject];
  const at = (object: JsonObject, paths: readonly string[]): unknown =>
    paths.map((path) =>
      spotsOf(object, path).map(({ pointer, value }) => (value === undefined ? [pointer] : [pointer, value])),
    );
  const rest = (object: JsonObject): unknown =>
    Object.fromEntries(Object.entries(object).filter(([key]) => key !== "metadata" && key !== "status"));
  if (coveredStatus(reviewed)) return isSame(at(now, target.statusPaths ?? []), at(old, target.statusPaths ?? []));
  const paths = fieldsOf(target).flatMap(pathsOf);
  return isSame(rest(now), rest(old)) && isSame(at(now, paths), at(old, paths));
};

/** Whether a request need not be judged. It must not be skipped where this is false, and must be where it is true. */
export const isSkipped = (reviewed: Reviewed): boolean => {
  const { request, policy } = reviewed;
  if (policy["enforcement"] === "off") return true;
  const [operation, resource, subResource] = ["operation", "resource", "subResource"].map((key) => own(request, key));
  const isRead =
    isText(operation) &&
    ["group", "version", "resource"].every((key) => isText(own(resource, key))) &&
    ["subResource", "namespace"].every((key) => isNothing(own(request, key)) || isText(own(request, key)));
  if (!isRead) return false;
  if (operation === "DELETE" || operation === "CONNECT") return true;
  if (operation !== "CREATE" && operation !== "UPDATE") return false;
  const status = coveredStatus(reviewed);
  if ((subResource ?? "") !== "" && !status) return true;
  const target = targetOf(reviewed);
  const [object, old] = [own(request, "object"), own(request, "oldObject")];
  if (target === undefined || !isObject(object)) return false;
  const isUpdate = operation === "UPDATE" || status;
  if (isUpdate && !isObject(old)) return false;
  if (isUpdate && isUnchanged(reviewed, target)) return true;
  return isReadable(own(request, "userInfo")) && fieldSpots(target, status ? old : object).length === 0;
};

const isReadable = (userInfo: unknown): boolean => {
  const texts = (value: unknown) => isNothing(value) || (Array.isArray(value) && value.every(isText));
  const [username, uid, groups, extra] = ["username", "uid", "groups", "extra"].map((key) => own(userInfo, key));
  return (
    isText(username) &&
    username !== "" &&
    (isNothing(uid) || isText(uid)) &&
    texts(groups) &&
    (isNothing(extra) || (isObject(extra) && Object.values(extra).every(texts)))
  );
};

/** Whether a username is a service account's, by Kubernetes' rules for the names of namespaces and service accounts. */
const accountOf = (username: string): { readonly namespace: string; readonly name: string } | undefined => {
  const [system, kind, namespace = "", name = "", ...more] = username.split(":");
  if (system !== "system" || kind !== "serviceaccount" || more.length > 0) return undefined;
  const isLabel = (text: string) => /^[a-z0-9-]+$/.test(text) && !text.startsWith("-") && !text.endsWith("-");
  const fits = isLabel(namespace) && namespace.length <= 63 && name.split(".").every(isLabel) && name.length <= 253;
  return fits ? { namespace, name } : undefined;
};

const printable = (name: string): boolean => /^[ -~]+$/.test(name) && name.trim() === name;

/** The username that a field's text stands for; undefined where it stands for nobody. */
const usernameOf = (form: FieldText["serviceAccount"], text: string, parent: unknown, namespace: string) => {
  if (!printable(text)) return undefined;
  if (form === undefined) return text;
  const colon = text.indexOf(":");
  const beside = typeof form === "object" ? (own(parent, form.namespaceKey) ?? "") : "";
  if (!isText(beside)) return undefined;
  const account =
    form === "namespace:name" && colon >= 0
      ? [text.slice(0, colon), text.slice(colon + 1)]
      : [beside || namespace, text];
  const username = ["system:serviceaccount", ...account].join(":");
  return accountOf(username) ? username : undefined;
};

/**
 * Why an object must not be admitted as it stands: a field that names somebody whom the requester is not known to be allowed to become.
 * Undefined where every field is in order.
 */
export const unentitled = (
  reviewed: Reviewed,
  object: unknown,
  heard: ReadonlyMap<string, Meaning>,
): string | undefined => {
  const { request, policy } = reviewed;
  const target = targetOf(reviewed);
  const userInfo = own(request, "userInfo");
  const username = own(userInfo, "username");
  if (target === undefined || !isReadable(userInfo) || !isText(username)) return "nobody could be judged";
  const namespace = String(own(request, "namespace") ?? "");
  const { permission, privileged = {}, writers = [] } = target;

  const askedFor = (identity: string): Question["resourceAttributes"] => {
    if (permission) return { ...permission, version: "*", name: identity, ...(namespace && { namespace }) };
    const account = accountOf(identity);
    const impersonate = { verb: "impersonate", group: "", version: "v1" };
    return account
      ? { ...impersonate, resource: "serviceaccounts", ...account }
      : { ...impersonate, resource: "users", name: identity };
  };
  const extra = Object.entries((own(userInfo, "extra") ?? {}) as object).map(([key, values]) => [key, values ?? []]);
  const isAllowed = (identity: string): boolean => {
    const asked = {
      user: username,
      uid: (own(userInfo, "uid") ?? "") as string,
      groups: (own(userInfo, "groups") ?? []) as string[],
      extra: Object.fromEntries(extra) as Record<string, string[]>,
      resourceAttributes: askedFor(identity),
    };
    return heard.get(keyOf(asked)) === "yes";
  };
  const narrowing = (policy["narrowing"] ?? ["scopes.authorization.openshift.io"]) as readonly string[];
  const isNarrowed = extra.some(([key]) => narrowing.includes(key));

  for (const { path, serviceAccount } of fieldsOf(target))
    for (const { pointer, value, parent, blocked } of spotsOf(object, path)) {
      if (blocked) return `${pointer} is no object`;
      if (isNothing(value) || value === "") {
        if (target.onEmpty === "allow") continue;
        return `${pointer} is empty`;
      }
      if (!isText(value)) return `${pointer} is no string`;
      const identity = usernameOf(serviceAccount, value, parent, namespace);
      if (identity === undefined) return `${pointer} names nobody`;
      const standsFor = Object.hasOwn(privileged, value) ? privileged[value] : undefined;
      if (identity === username && standsFor === undefined) {
        if (isNarrowed && !isAllowed(identity)) return `${pointer} hands out all of a narrowed requester`;
      } else if (!writers.some((writer) => writer.username === username)) {
        const missing = [identity, ...(standsFor === undefined ? [] : [standsFor])].find((each) => !isAllowed(each));
        if (missing !== undefined) return `${pointer} names ${value} without a yes to ${missing}`;
      }
    }
  return undefined;
};
