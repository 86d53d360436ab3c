import type { ControlPlane } from "../control-plane.ts";
import { samples } from "./samples.ts";

/** A subresource that accepts writes, as discovery lists it. */
export interface Subresource {
  /** `deployments.apps/status`; `bindings`, which is `pods/binding` by another path. */
  readonly name: string;
  /** `/apis/apps/v1`. */
  readonly root: string;
  readonly plural: string;
  readonly part: string;
  readonly namespaced: boolean;
  readonly methods: readonly ("POST" | "PUT" | "PATCH")[];
  readonly readable: boolean;
}

/** One write, as admission saw it. */
export interface Seen {
  readonly name: string;
  readonly operation: string;
  readonly resource: { readonly resource: string };
  readonly subResource?: string;
  readonly object: { readonly kind: string } | null;
  readonly oldObject: { readonly kind: string } | null;
}

interface Listed {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}

interface Version {
  readonly groupVersion: string;
}

/** All built-in resources and subresources, the preferred version of each group first. */
const discover = async (plane: ControlPlane) => {
  const get = async (path: string) => (await plane.api(plane.user("admin"), { path })).body;
  const { groups } = await get("/apis");
  const versions: readonly string[] = groups.flatMap(
    (group: { readonly preferredVersion: Version; readonly versions: readonly Version[] }) =>
      [group.preferredVersion, ...group.versions].map(({ groupVersion }) => groupVersion),
  );
  const roots = ["/api/v1", ...versions.map((version) => `/apis/${version}`)];
  const lists = await Promise.all(roots.map(async (root) => ({ root, ...(await get(root)) })));
  return lists.flatMap(({ root, groupVersion, resources }) => {
    const group = groupVersion.includes("/") ? `.${groupVersion.split("/")[0]}` : "";
    return resources.map((listed: Listed) => ({ ...listed, root, group })) as readonly (Listed & {
      readonly root: string;
      readonly group: string;
    })[];
  });
};

const methodOf = { create: "POST", update: "PUT", patch: "PATCH" } as const;

/** Subresources of CONNECT (exec, attach, portforward, proxy) take options and not an object. */
const isConnected = ({ kind }: Listed): boolean => kind.endsWith("Options");

/** All subresources that accept writes. */
export const writableSubresources = async (plane: ControlPlane): Promise<readonly Subresource[]> => {
  const found = (await discover(plane)).flatMap((listed): Subresource[] => {
    const { root, group, namespaced, verbs } = listed;
    const [plural = "", part] = listed.name === "bindings" ? ["pods", "binding"] : listed.name.split("/");
    const methods = Object.entries(methodOf).flatMap(([verb, method]) => (verbs.includes(verb) ? [method] : []));
    if (part === undefined || methods.length === 0 || isConnected(listed)) return [];
    const name = listed.name === "bindings" ? "bindings" : `${plural}${group}/${part}`;
    return [{ name, root, plural, part, namespaced, methods, readable: verbs.includes("get") }];
  });
  return [...new Map(found.toReversed().map((each) => [each.name, each])).values()];
};

/** The resources whose only verb is create: questions, and writes of another object. */
export const resourcesOnlyCreated = async (plane: ControlPlane): Promise<readonly string[]> => {
  const found = (await discover(plane)).filter(({ name, verbs }) => !name.includes("/") && String(verbs) === "create");
  return [...new Set(found.map(({ name, group }) => `${name}${group}`))].toSorted();
};

const mark = "example.com/mark";
const marks = { labels: { [mark]: "set" }, annotations: { [mark]: "set" } };

/** The object to post to a subresource whose only method is POST. */
const carried: Readonly<Record<string, object>> = {
  binding: { apiVersion: "v1", kind: "Binding", target: { apiVersion: "v1", kind: "Node", name: "somewhere" } },
  eviction: { apiVersion: "policy/v1", kind: "Eviction" },
  token: { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} },
};

let objects = 0;

/**
 * Writes a label and an annotation through a subresource, to a new object by each method. Returns what admission saw, and which of the two
 * the object has afterwards.
 *
 * @param seen the writes that admission saw so far; a witness keeps adding to it
 * @returns one sentence where all methods have the same result, such as "UPDATE of its own kind: annotations"
 */
export const markThrough = async (
  plane: ControlPlane,
  { name, root, plural, part, namespaced, methods, readable }: Subresource,
  seen: readonly Seen[],
): Promise<readonly string[]> => {
  const admin = plane.user("admin");
  const place = `${root}/${namespaced ? "namespaces/default/" : ""}`;
  const sample = samples[name === "bindings" ? "pods" : name.slice(0, name.indexOf("/"))];
  if (!sample) return ["not known: add the kind to world/samples.ts"];
  const results = new Set<string>();
  for (const method of methods) {
    const made = await plane.api(admin, {
      method: "POST",
      path: `${place}${plural}`,
      body: { apiVersion: root.replace(/^\/apis?\//, ""), ...sample(`sample-${objects++}`) },
    });
    if (made.status !== 201) return [`not known: world/samples.ts is refused: ${made.text}`];
    const object: string = made.body.metadata.name;
    const path = `${place}${plural}/${object}`;
    const to = name === "bindings" ? `${place}bindings` : `${path}/${part}`;
    const body = async () => {
      if (method === "PATCH") return { metadata: marks };
      if (method === "POST") return { ...carried[part], metadata: { name: object, ...marks } };
      const { body: now } = await plane.api(admin, { path: readable ? to : path });
      return { ...now, metadata: { ...now.metadata, ...marks } };
    };
    const contentType = method === "PATCH" ? "application/merge-patch+json" : "application/json";
    const write = async () => plane.api(admin, { method, path: to, body: await body(), contentType });
    let answer = await write();
    // A controller inside the API server changed the object in the meantime.
    for (let tries = 0; answer.status === 409 && tries < 5; tries++) answer = await write();
    const { body: after } = await plane.api(admin, { path });
    const kept = Object.keys(marks).filter((member) => after.metadata[member]?.[mark] === "set");
    const stores = answer.status < 300 ? kept.join(" and ") || "nothing" : `refused, ${answer.text}`;
    const review = seen.findLast(
      (each) => each.name === object && (each.resource.resource === name || each.subResource === part),
    );
    results.add(`${sentenceOf(review, made.body.kind)}: ${stores}`);
    const noFinalizers = { metadata: { finalizers: null } };
    await plane.api(admin, { method: "PATCH", path, body: noFinalizers, contentType: "application/merge-patch+json" });
    await plane.api(admin, { method: "DELETE", path });
  }
  return [...results];
};

const sentenceOf = (review: Seen | undefined, own: string): string => {
  if (!review?.object) return "no call";
  const { operation, object, oldObject } = review;
  const before = operation === "CREATE" || oldObject?.kind === object.kind ? "" : ` that was ${oldObject?.kind}`;
  return `${operation} of ${object.kind === own ? "its own kind" : object.kind}${before}`;
};
