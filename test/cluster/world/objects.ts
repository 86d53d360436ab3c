import type { ControlPlane } from "../control-plane.ts";
import type { Caller } from "../harness/caller.ts";

export interface ApiObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string; readonly [key: string]: unknown };
  readonly spec?: unknown;
  readonly status?: unknown;
}

/** Plurals of the kinds that the rows write. */
const plurals: Readonly<Record<string, string>> = {
  MustacheTemplate: "mustachetemplates",
  RemoteResource: "remoteresources",
  RemoteResourceS3: "remoteresourcess3",
  EncryptedResource: "encryptedresources",
  FeatureFlagSetLD: "featureflagsetsld",
};

export const kinds: readonly string[] = Object.keys(plurals);

export const razee = (kind: string, namespace: string, name: string, spec: unknown): ApiObject => ({
  apiVersion: "deploy.razee.io/v1alpha2",
  kind,
  metadata: { name, namespace },
  ...(spec === undefined ? {} : { spec }),
});

/** A MustacheTemplate that declares an identity; undefined leaves the field out. */
export const template = (namespace: string, name: string, impersonateUser?: unknown, more: object = {}): ApiObject =>
  razee("MustacheTemplate", namespace, name, {
    ...(impersonateUser === undefined ? {} : { clusterAuth: { impersonateUser } }),
    ...more,
  });

export const pathOf = ({ apiVersion, kind, metadata }: ApiObject): string =>
  `${collectionOf({ apiVersion, kind, metadata })}/${metadata.name}`;

export const collectionOf = ({ apiVersion, kind, metadata }: ApiObject): string =>
  `/apis/${apiVersion}/namespaces/${metadata.namespace}/${plurals[kind]}`;

/** The object as it is stored, read by the administrator. */
export const stored = async (plane: ControlPlane, object: ApiObject) => {
  const { status, body, text } = await plane.api(plane.user("admin"), { path: pathOf(object) });
  if (status !== 200) throw new Error(`${pathOf(object)}: ${text}`);
  return body;
};

/** The identity that the stored object names; undefined where the field is absent. */
export const identityOf = async (plane: ControlPlane, object: ApiObject): Promise<unknown> =>
  (await stored(plane, object)).spec?.clusterAuth?.impersonateUser;

/** Creates an object over the plain API. */
export const create = (plane: ControlPlane, caller: Caller, object: ApiObject, query = "") =>
  plane.api(caller, { method: "POST", path: `${collectionOf(object)}${query}`, body: object });

/** Creates an object. Throws where the API server refuses it. */
export const created = async (plane: ControlPlane, caller: Caller, object: ApiObject) => {
  const response = await create(plane, caller, object);
  if (response.status !== 201) throw new Error(`${caller.name} could not create ${pathOf(object)}: ${response.text}`);
  return response;
};
