import type { ApiRequest } from "../../cluster/harness/api-client.ts";
import type { Person } from "../worlds/cases.ts";
import type { ProxiedRequest } from "../worlds/front-proxy.ts";
import { writeExact } from "./exact-json.ts";

/** Razee's kinds that are written here: one with a schema, one without. */
export const razeePlurals = { MustacheTemplate: "mustachetemplates", FeatureFlagSetLD: "featureflagsetsld" } as const;
/** And a built-in kind, whose status subresource stores annotations: one of them names an identity. */
const pluralOf = { ...razeePlurals, Deployment: "deployments" } as const;
/** One of them. */
export type Kind = keyof typeof pluralOf;

/** The annotation of a Deployment that names an identity. */
export const annotation = "example.com/run-as";
export type Annotations = Readonly<Record<string, string | null>>;

/** An object that is there, in each of the namespaces. Numbers stand as `"#1"`. */
export interface Stored {
  readonly kind: Kind;
  readonly name: string;
  readonly annotations?: Annotations;
  readonly spec?: unknown;
  readonly status?: Readonly<Record<string, unknown>>;
}

/** CREATE, UPDATE, or UPDATE of the status subresource. */
export type Sort = "create" | "update" | "status";

/** A write in any namespace. Numbers stand as `"#1"`. */
export interface Write {
  readonly sort: Sort;
  /** In a word or two, for people. */
  readonly what: string;
  readonly kind: Kind;
  readonly version: "v1alpha1" | "v1alpha2" | "v1";
  readonly name: string;
  /** `apply` is server-side. */
  readonly by: "post" | "apply" | "merge" | "put";
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Annotations;
  readonly spec?: unknown;
  readonly status?: unknown;
}

/** One write of one person's. */
export interface Case {
  readonly requester: Person;
  readonly write: Write;
  /** What it finds; undefined for a CREATE. */
  readonly before?: Stored;
}

const groupOf = (kind: Kind): string => (kind === "Deployment" ? "apps" : "deploy.razee.io");
const methods = { post: "POST", apply: "PATCH", merge: "PATCH", put: "PUT" } as const;
const contentTypes = {
  post: "application/json",
  apply: "application/apply-patch+yaml",
  merge: "application/merge-patch+json",
  put: "application/json",
} as const;

/**
 * A write as the API server takes it.
 *
 * @param resourceVersion of the replaced object
 */
export const requestOf = (
  { sort, kind, version, name, by, labels, annotations, spec, status }: Write,
  namespace: string,
  { dryRun, resourceVersion }: { readonly dryRun: boolean; readonly resourceVersion?: string | undefined },
): ProxiedRequest & ApiRequest => {
  const whole = by !== "merge";
  const metadata = {
    ...(whole ? { name } : {}),
    ...(labels ? { labels } : {}),
    ...(annotations ? { annotations } : {}),
    ...(by === "put" && resourceVersion ? { resourceVersion } : {}),
  };
  const group = groupOf(kind);
  const collection = `/apis/${group}/${version}/namespaces/${namespace}/${pluralOf[kind]}`;
  const query = new URLSearchParams({
    ...(dryRun ? { dryRun: "All" } : {}),
    ...(by === "apply" ? { fieldManager: "prove" } : {}),
  });
  return {
    method: methods[by],
    path: `${collection}${by === "post" ? "" : `/${name}`}${sort === "status" ? "/status" : ""}?${query}`,
    contentType: contentTypes[by],
    body: writeExact({
      ...(whole ? { apiVersion: `${group}/${version}`, kind } : {}),
      ...(Object.keys(metadata).length > 0 ? { metadata } : {}),
      ...(spec === undefined ? {} : { spec }),
      ...(status === undefined ? {} : { status }),
    }),
  };
};

/** What an object has where an identity is expected. */
export const identityIn = (
  kind: Kind,
  { spec, annotations }: { readonly spec?: unknown; readonly annotations?: unknown },
): unknown =>
  kind === "Deployment"
    ? (annotations as Annotations | undefined)?.[annotation]
    : (spec as { readonly clusterAuth?: { readonly impersonateUser?: unknown } | null } | null | undefined)?.clusterAuth
        ?.impersonateUser;
