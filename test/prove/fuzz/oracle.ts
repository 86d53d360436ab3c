import type { Endpoint, JsonObject, ResourceQuestion } from "../../../lib/index.ts";
import { keyOf, type Meaning } from "./answers.ts";
import { isSame, rawOf } from "./exact-json.ts";

/*
 * The rule's promises a second time, from the text of the review and of the policy alone, written independently of lib/: which identities an
 * admitted object may name, and which requests need not be judged. The oracle does not predict the decision; it says what must hold for it.
 */

interface RuleText {
  readonly privileged?: Readonly<Record<string, string>>;
  readonly unprivileged?: readonly string[];
  readonly onEmpty?: unknown;
  readonly emptyIsUnprivileged?: true;
  readonly emptyStandsFor?: string;
  readonly permission?: { readonly verb: string; readonly group: string; readonly resource: string };
}

/** A target as a policy file writes it, presets expanded. */
export interface TargetText extends RuleText {
  readonly group: string;
  readonly versions: readonly string[];
  readonly resources: readonly string[];
  readonly fields: readonly (string | FieldText)[];
  readonly statusPaths?: readonly string[];
  readonly onPrivilegedRequester?: "deny" | "default";
  readonly statusWriters?: readonly string[];
  readonly writers?: readonly { readonly username: string }[];
  readonly ignoresLetterCase?: true;
}

export interface FieldText extends RuleText {
  readonly path: string;
  readonly serviceAccount?:
    | "name"
    | "namespace:name"
    | {
        readonly namespaceKey?: string;
        readonly namespaceAt?: string;
        readonly required?: true;
        readonly colon?: true;
      };
  readonly names?: "group" | "anything";
  readonly standsFor?: string;
  readonly whenSet?: readonly (RuleText & { readonly path: string })[];
}

const controller = "system:serviceaccount:razeedeploy:razeedeploy-sa";
const razee: TargetText = {
  group: "deploy.razee.io",
  versions: ["*"],
  resources: ["remoteresources", "mustachetemplates", "encryptedresources", "remoteresourcess3", "featureflagsetsld"],
  fields: ["spec.clusterAuth.impersonateUser"],
  statusPaths: ["status.children"],
  privileged: { razeedeploy: controller, false: controller },
  onEmpty: "requester",
  emptyStandsFor: controller,
};

const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const own = (value: unknown, key: string): unknown =>
  isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
/** A string that is not a token. */
const isText = (value: unknown): value is string => typeof value === "string" && rawOf(value) === undefined;
const isNothing = (value: unknown): boolean => value === undefined || value === null;

/** A review that can be answered, and its policy. */
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

/** The target and the subresource that a request writes: `bindings` of the core group are `pods/binding` where a policy knows only pods. */
const writtenBy = ({ request, policy }: Reviewed): { readonly target?: TargetText; readonly subResource: string } => {
  const resource = own(request, "resource");
  const [group, version, plural] = ["group", "version", "resource"].map((key) => own(resource, key));
  const subResource = String(own(request, "subResource") ?? "");
  const targets = (policy["targets"] as readonly (JsonObject & TargetText)[]).map((target) =>
    target["preset"] === "razee" ? { ...razee, ...target } : target,
  );
  const find = (name: unknown) =>
    targets.find(
      (target) =>
        target.group === group &&
        target.resources.includes(String(name)) &&
        (target.versions.includes("*") || target.versions.includes(String(version))),
    );
  const target = find(plural);
  if (target) return { target, subResource };
  const pods = group === "" && plural === "bindings" && subResource === "" ? find("pods") : undefined;
  return pods ? { target: pods, subResource: "binding" } : { subResource };
};

/** The target that covers the written resource. */
export const targetOf = (reviewed: Reviewed): TargetText | undefined => writtenBy(reviewed).target;

/** A place that a field leads to. `blocked`: a parent is not an object. */
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
  const [before, behind] = path.split(".**");
  if (behind !== undefined) return spotsAtAnyDepth(object, before ?? "", behind.replace(/^\./, ""));
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

/** A path to any depth: every part of what it begins with, as the object of the rest of the path. Without recursion. */
const spotsAtAnyDepth = (object: unknown, before: string, behind: string): readonly Spot[] => {
  const found: Spot[] = [];
  const open = spotsOf(object, before).map(({ pointer, value, blocked }) => ({
    pointer,
    value: blocked ? null : value,
    depth: 0,
  }));
  while (open.length > 0) {
    const { pointer, value, depth } = open.shift() as { pointer: string; value: unknown; depth: number };
    if (isNothing(value) || typeof value !== "object") continue;
    if (isObject(value) && own(value, stepsOf(behind)[0] ?? "") !== undefined) {
      if (depth > 200) return [{ pointer, value, parent: undefined, blocked: true }];
      found.push(
        ...spotsOf(value, behind)
          .filter((spot) => spot.value !== undefined)
          .map((spot) => ({ ...spot, pointer: pointer + spot.pointer })),
      );
    }
    for (const [key, item] of Object.entries(value as object))
      open.push({ pointer: pointer + escaped(key), value: item, depth: depth + 1 });
  }
  return found;
};

/** Whether every value of a field means the same, whatever it is. */
const isUnread = ({ names, standsFor }: FieldText): boolean => names === "anything" || standsFor !== undefined;

/** The places where a field names an identity: the elements of a list of groups; nothing where an empty value names none. */
const namingSpots = (object: unknown, field: FieldText): readonly Spot[] => {
  const { path, names } = field;
  const spots = spotsOf(object, path);
  if (isUnread(field)) return spots.filter(({ value }) => !isNothing(value) && value !== "");
  if (names !== "group") return spots;
  return spots.flatMap((spot) => {
    if (!Array.isArray(spot.value) || spot.blocked) return [spot];
    return spot.value.length === 0
      ? [{ ...spot, value: undefined }]
      : spot.value.map((value, index) => ({
          pointer: `${spot.pointer}/${index}`,
          value,
          parent: spot.value,
          blocked: false,
        }));
  });
};

/** Members on the way of a path whose names differ from its steps in letter case alone, as Go compares them (Unicode's simple folding). */
const misspellingsOf = (object: unknown, path: string): readonly string[] => {
  const found: string[] = [];
  const open: { value: unknown; steps: readonly string[]; pointer: string }[] = [
    { value: object, steps: stepsOf(path), pointer: "" },
  ];
  while (open.length > 0) {
    const { value, steps, pointer } = open.pop() as (typeof open)[number];
    const [step, ...rest] = steps;
    if (step === undefined || isNothing(value) || typeof value !== "object") continue;
    if (step === "**") open.push({ value, steps: rest, pointer });
    for (const [key, item] of Object.entries(value as object)) {
      const below = { value: item, pointer: pointer + escaped(key) };
      if (step === "**") open.push({ ...below, steps });
      else if (step === "*" || key === step) open.push({ ...below, steps: rest });
      else if (isObject(value) && sameButForCase(step).test(key)) found.push(below.pointer);
    }
  }
  return found;
};

/** The members that the controller of a target may read as a part of a field's way. */
const misspelt = (target: TargetText, fields: readonly FieldText[], object: unknown): readonly string[] =>
  (target.ignoresLetterCase ? fields : []).flatMap((field) =>
    [...pathsOf(field), ...(field.whenSet ?? []).map(({ path }) => path)].flatMap((path) =>
      misspellingsOf(object, path),
    ),
  );

const sameButForCase = (name: string): RegExp => new RegExp(`^${name.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&")}$`, "iu");

/** A place, and the field that it is judged as. */
interface FieldSpot {
  readonly field: FieldText;
  readonly spot: Spot;
}

/** Where fields name an identity in an object. A path to any depth has the places that no other path leads to. */
const spotsOfFields = (object: unknown, fields: readonly FieldText[]): readonly FieldSpot[] => {
  const all = fields.flatMap((field) => namingSpots(object, field).map((spot) => ({ field, spot })));
  const isDeep = ({ field }: FieldSpot) => field.path.includes(".**");
  const plain = new Set(all.filter((each) => !isDeep(each)).map(({ spot }) => spot.pointer));
  return all.filter((each) => !isDeep(each) || !plain.has(each.spot.pointer));
};

/** What a target, a field and a condition that holds say together of a field in an object. */
const ruleFor = (target: TargetText, field: FieldText, object: unknown): RuleText => {
  const over = (under: RuleText, { onEmpty, emptyIsUnprivileged, emptyStandsFor, ...rest }: RuleText): RuleText => {
    const saysEmpty = onEmpty !== undefined || emptyIsUnprivileged !== undefined || emptyStandsFor !== undefined;
    return { ...under, ...rest, ...(saysEmpty && { onEmpty, emptyIsUnprivileged, emptyStandsFor }) } as RuleText;
  };
  const isSet = (value: unknown) =>
    !isNothing(value) &&
    value !== "" &&
    value !== false &&
    !(typeof value === "object" && Object.keys(value as object).length === 0);
  const usual = over(isUnread(field) ? over(target, { onEmpty: "allow" }) : target, field);
  const other = field.whenSet?.find(({ path }) =>
    spotsOf(object, path).some(({ value, blocked }) => !blocked && isSet(value)),
  );
  return other ? over(usual, other) : usual;
};

const fieldsOf = (target: TargetText): readonly FieldText[] =>
  target.fields.map((field) => (typeof field === "string" ? { path: field } : field));

/** Whether a target covers the resource of a request by its own name. */
export const isCoveredByName = (reviewed: Reviewed): boolean =>
  (targetOf(reviewed)?.resources ?? []).some((plural) => plural === own(own(reviewed.request, "resource"), "resource"));

/** The duty of a user who writes an object, whatever is written and through whichever endpoint: every field of the object. */
export const wholeDuty = (target: TargetText): Duty => ({ fields: fieldsOf(target), of: "object" });

/** The same request for an object in the namespace that its own metadata names. */
export const inOwnNamespace = ({ request, policy }: Reviewed): Reviewed => {
  const namespace = own(own(own(request, "object"), "metadata"), "namespace");
  return { request: { ...request, namespace: isText(namespace) ? namespace : "" }, policy };
};

/** Where the fields of a target are in an object. */
export const fieldSpots = (target: TargetText, object: unknown): readonly Spot[] =>
  spotsOfFields(object, fieldsOf(target)).map(({ spot }) => spot);

/** The paths of a field and of the namespace beside it. */
const pathsOf = ({ path, serviceAccount }: FieldText): readonly string[] => {
  if (typeof serviceAccount !== "object") return [path];
  if (serviceAccount.namespaceAt !== undefined) return [path, serviceAccount.namespaceAt];
  const beside = path.replace(/(\["[^"]+"\]|\.?[^.[]+)$/, "");
  return [path, `${beside}["${serviceAccount.namespaceKey}"]`];
};

/**
 * Fields that a request must answer for, and the object that they are read from: the new object, or the old one, where the controller acts
 * on the written status as the old object's identity.
 */
export interface Duty {
  readonly fields: readonly FieldText[];
  readonly of: "object" | "oldObject";
}

const liesIn = (part: string, { path }: FieldText): boolean => new RegExp(`^${part}\\b`).test(path);
const inMetadata = (field: FieldText): boolean => liesIn("metadata", field);
const inStatus = (field: FieldText): boolean => liesIn("status", field);
const notInStatus = (field: FieldText): boolean => !inStatus(field);

const without = (object: JsonObject, ...members: readonly string[]): unknown =>
  Object.fromEntries(Object.entries(object).filter(([key]) => !members.includes(key)));
const at = (object: JsonObject, paths: readonly string[]): unknown =>
  paths.map((path) =>
    spotsOf(object, path).map(({ pointer, value }) => (value === undefined ? [pointer] : [pointer, value])),
  );

/** A write of the object itself. Mutate does not read the status; a status writer need not answer for one. */
const dutiesOfObject = (
  target: TargetText,
  now: JsonObject,
  old: JsonObject | undefined,
  by: Called,
): readonly Duty[] => {
  const fields = fieldsOf(target).filter((field) => by.endpoint === "validate" || notInStatus(field));
  const duty = { fields, of: "object" } as const;
  if (!old) return [duty];
  const identities = (some: readonly FieldText[]) =>
    isSame(at(now, some.flatMap(pathsOf)), at(old, some.flatMap(pathsOf)));
  const same = (...members: readonly string[]) => isSame(without(now, ...members), without(old, ...members));
  const onlyStatus = same("metadata", "status") && identities(fields.filter(notInStatus));
  const spares = by.endpoint === "mutate" || (target.statusWriters ?? []).includes(by.username);
  return (onlyStatus && spares) || (same("metadata") && identities(fields)) ? [] : [duty];
};

interface Called {
  readonly endpoint: Endpoint;
  readonly username: string;
}

/** A write of a subresource, of an object of the resource's kind: it answers for what it changes. */
const dutiesOfSubresource = (
  target: TargetText,
  subResource: string,
  now: JsonObject,
  old: JsonObject,
  { endpoint, username }: Called,
): readonly Duty[] => {
  const fields = fieldsOf(target).filter((field) => endpoint === "validate" || notInStatus(field));
  const differs = (paths: readonly string[]) => !isSame(at(now, paths), at(old, paths));
  const changed = (some: readonly FieldText[]) => differs(some.flatMap(pathsOf));
  const [labels, states] = [fields.filter(inMetadata), fields.filter(inStatus)];
  const isSpared = subResource !== "status" || (target.statusWriters ?? []).includes(username);
  return [
    ...(changed(labels) ? [{ fields: labels, of: "object" } as const] : []),
    ...(!isSpared && changed(states) ? [{ fields: states, of: "object" } as const] : []),
    ...(!isSpared && differs(target.statusPaths ?? []) ? [{ fields, of: "oldObject" } as const] : []),
  ];
};

/** Kinds that subresources other than the status take instead of the kind of their resource. */
const foreign = ["/Binding", "autoscaling/Scale", "policy/Eviction", "authentication.k8s.io/TokenRequest"];

/** The duties of a request: empty where it need not be judged, and `refused` where it must be denied for every requester. */
export const dutiesOf = (reviewed: Reviewed, endpoint: Endpoint): "refused" | readonly Duty[] => {
  const { request, policy } = reviewed;
  if (policy["enforcement"] === "off") return [];
  const [operation, resource] = [own(request, "operation"), own(request, "resource")];
  const isRead =
    isText(operation) &&
    ["group", "version", "resource"].every((key) => isText(own(resource, key))) &&
    ["subResource", "namespace"].every((key) => isNothing(own(request, key)) || isText(own(request, key)));
  if (!isRead) return "refused";
  if (operation === "DELETE" || operation === "CONNECT") return [];
  if (operation !== "CREATE" && operation !== "UPDATE") return "refused";
  const { target, subResource } = writtenBy(reviewed);
  if (target === undefined) return subResource === "" ? "refused" : [];
  const fields = fieldsOf(target);
  const isOurs =
    fields.some(inMetadata) ||
    (subResource === "status" &&
      ((target.statusPaths ?? []).length > 0 || (endpoint === "validate" && fields.some(inStatus))));
  if (subResource !== "" && !isOurs) return [];
  const [object, oldObject] = [own(request, "object"), own(request, "oldObject")];
  const isUpdate = operation === "UPDATE" || subResource === "status";
  if (!isObject(object) || (isUpdate && !isObject(oldObject))) return "refused";
  const old = isUpdate ? (oldObject as JsonObject) : undefined;
  const kind = ["group", "kind"].map((key) => own(own(request, "kind"), key)).map((text) => (isText(text) ? text : ""));
  const isForeign = !old || (subResource !== "status" && foreign.includes(kind.join("/")));
  if (subResource !== "" && isForeign) {
    const keys = fields.filter(inMetadata).flatMap(pathsOf);
    return keys.some((path) => spotsOf(object, path).some(({ value }) => value !== undefined)) ? "refused" : [];
  }
  const userInfo = own(request, "userInfo");
  const by = { endpoint, username: isReadable(userInfo) ? String(own(userInfo, "username")) : "" };
  const duties = (
    subResource === "" || !old
      ? dutiesOfObject(target, object, old, by)
      : dutiesOfSubresource(target, subResource, object, old, by)
  ).filter(({ fields: some }) => some.length > 0 || subResource === "");
  if (duties.length > 0 && !isReadable(userInfo)) return "refused";
  const isThere = ({ fields: some, of }: Duty) => {
    const judged = of === "object" ? object : old;
    return some.some((field) => namingSpots(judged, field).length > 0) || misspelt(target, some, judged).length > 0;
  };
  return duties.filter(isThere);
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

const printable = (name: string): boolean => /^[ -~]+$/.test(name) && name.trim() === name && name.length <= 1_024;

/** The identity that a field's text means; undefined where it means none. */
const identityOf = (
  form: FieldText["serviceAccount"],
  text: string,
  parent: unknown,
  object: unknown,
  namespace: string,
) => {
  if (!printable(text)) return undefined;
  if (form === undefined) return text;
  const colon = text.indexOf(":");
  const mayHaveColon = form === "namespace:name" || (typeof form === "object" && form.colon === true);
  const elsewhere =
    typeof form !== "object"
      ? ""
      : form.namespaceAt === undefined
        ? (own(parent, form.namespaceKey ?? "") ?? "")
        : spotsOf(object, form.namespaceAt).map(({ value, blocked }) => (blocked ? {} : (value ?? "")))[0];
  const hasColon = mayHaveColon && colon >= 0;
  if (!hasColon && (!isText(elsewhere) || form === "namespace:name")) return undefined;
  if (!hasColon && elsewhere === "" && typeof form === "object" && form.required) return undefined;
  const account = hasColon ? [text.slice(0, colon), text.slice(colon + 1)] : [elsewhere || namespace, text];
  const username = ["system:serviceaccount", ...account].join(":");
  return accountOf(username) ? username : undefined;
};

/** A field of an object, and why it must not be admitted as it stands; undefined where it may be. */
export interface JudgedSpot {
  readonly pointer: string;
  readonly fault: string | undefined;
  /** The places of members that are misspelt: the object has a verdict on one of them alone. */
  readonly misspelt?: readonly string[];
}

/**
 * Why an object must not be admitted as it stands: a field names an identity that the requester is not known to be allowed to impersonate.
 * Undefined where every field of the duty is in order.
 */
export const unentitled = (
  reviewed: Reviewed,
  duty: Duty,
  object: unknown,
  heard: ReadonlyMap<string, Meaning>,
): string | undefined => {
  const spots = judgedSpots(reviewed, duty, object, heard);
  if (spots === undefined) return "there is no requester or no target to judge it by";
  const faulty = spots.find(({ fault }) => fault !== undefined);
  return faulty && `${faulty.pointer} ${faulty.fault}`;
};

/** Every field of a duty, one by one; undefined where there is no target or no readable requester. */
export const judgedSpots = (
  reviewed: Reviewed,
  { fields, of }: Duty,
  object: unknown,
  heard: ReadonlyMap<string, Meaning>,
): readonly JudgedSpot[] | undefined => {
  const { request, policy } = reviewed;
  const target = targetOf(reviewed);
  const userInfo = own(request, "userInfo");
  const username = own(userInfo, "username");
  if (target === undefined || !isReadable(userInfo) || !isText(username)) return undefined;
  const namespace = String(own(request, "namespace") ?? "");
  const { writers = [] } = target;

  const askedFor = (
    identity: string,
    { permission }: RuleText,
    names: FieldText["names"],
  ): ResourceQuestion["resourceAttributes"] => {
    if (permission) return { ...permission, version: "*", name: identity, ...(namespace && { namespace }) };
    const account = accountOf(identity);
    const impersonate = { verb: "impersonate", group: "", version: "v1" };
    if (names === "group") return { ...impersonate, resource: "groups", name: identity };
    if (names === "anything")
      return { ...impersonate, resource: "serviceaccounts", name: "", ...(namespace && { namespace }) };
    return account
      ? { ...impersonate, resource: "serviceaccounts", ...account }
      : { ...impersonate, resource: "users", name: identity };
  };
  const extra = Object.entries((own(userInfo, "extra") ?? {}) as object).map(([key, values]) => [key, values ?? []]);
  const isAllowed = (identity: string, rule: RuleText, names: FieldText["names"]): boolean => {
    const asked = {
      user: username,
      uid: (own(userInfo, "uid") ?? "") as string,
      groups: (own(userInfo, "groups") ?? []) as string[],
      extra: Object.fromEntries(extra) as Record<string, string[]>,
      resourceAttributes: askedFor(identity, rule, names),
    };
    return heard.get(keyOf(asked)) === "yes";
  };
  const narrowing = (policy["narrowing"] ?? ["scopes.authorization.openshift.io"]) as readonly string[];
  const isNarrowed = extra.some(([key]) => narrowing.includes(key));
  const mayAct = (
    identity: string,
    standsFor: string | undefined,
    rule: RuleText,
    names: FieldText["names"],
  ): string | undefined => {
    // Where the identity lives on another cluster, a requester of the same name is another user.
    if (names === undefined && identity === username && standsFor === undefined && !rule.permission)
      return isNarrowed && !isAllowed(identity, rule, names) ? "hands out all of a narrowed requester" : undefined;
    if (writers.some((writer) => writer.username === username)) return undefined;
    const missing = [identity, ...(standsFor === undefined ? [] : [standsFor])].find(
      (each) => !isAllowed(each, rule, names),
    );
    return missing === undefined ? undefined : `names ${identity} without a yes to ${missing}`;
  };
  const mayBeEmpty = (rule: RuleText, names: FieldText["names"]): string | undefined => {
    const { onEmpty, emptyStandsFor } = rule;
    if (onEmpty === "allow") return undefined;
    const stays = onEmpty === undefined || of === "oldObject";
    if (!stays || emptyStandsFor === undefined) return "is empty";
    const why = mayAct(emptyStandsFor, undefined, rule, names);
    return why && `is empty, which stands for an identity: ${why}`;
  };

  const faultOf = (field: FieldText, { value, parent, blocked }: Spot): string | undefined => {
    const { serviceAccount, names, standsFor } = field;
    const rule = ruleFor(target, field, object);
    const { privileged = {}, unprivileged = [] } = rule;
    if (blocked) return "is not an object";
    if (standsFor !== undefined) return mayAct(standsFor, undefined, rule, names);
    if (names === "anything") return mayAct("", undefined, rule, names);
    if (!isNothing(value) && !isText(value)) return "is not a string";
    const text = value ?? "";
    const identity = text === "" ? undefined : identityOf(serviceAccount, String(text), parent, object, namespace);
    if (text !== "" && identity === undefined) return "names no user and no service account";
    if (identity === undefined) return mayBeEmpty(rule, names);
    if (unprivileged.includes(String(text))) return undefined;
    return mayAct(
      identity,
      Object.hasOwn(privileged, String(text)) ? privileged[String(text)] : undefined,
      rule,
      names,
    );
  };
  const others = misspelt(target, fields, object);
  if (others[0] !== undefined)
    return [
      { pointer: others[0], fault: "is read by the controller as a member of another spelling", misspelt: others },
    ];
  return spotsOfFields(object, fields).map(({ field, spot }) => ({
    pointer: spot.pointer,
    fault: faultOf(field, spot),
  }));
};

/** Why a name must never be written at a place; undefined for the requester and the policy's default where they may be. */
export const unwritable = (reviewed: Reviewed, name: string, pointer: string): string | undefined => {
  const target = targetOf(reviewed);
  const object = own(reviewed.request, "object");
  // A patch makes missing parents first, so a field is found by its own place.
  const field = target && spotsOfFields(object, fieldsOf(target)).find(({ spot }) => spot.pointer === pointer)?.field;
  // That only a field is set is checked where the patch is applied.
  if (target === undefined || field === undefined) return undefined;
  const { privileged = {}, permission, onEmpty } = ruleFor(target, field, object);
  if (name === (onEmpty as { readonly default?: string } | undefined)?.default) return undefined;
  if (name !== own(own(reviewed.request, "userInfo"), "username")) return "is neither the requester nor the default";
  if (permission || field.serviceAccount !== undefined || field.names !== undefined || field.standsFor !== undefined)
    return "is the requester, who is never the identity";
  if (Object.hasOwn(privileged, name)) return "is all-powerful";
  const isAccount = Object.values(privileged).includes(name);
  return isAccount && target.onPrivilegedRequester !== "default" ? "is the account of a privileged value" : undefined;
};
