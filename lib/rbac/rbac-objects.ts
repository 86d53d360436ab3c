import { goQuote } from "../meta/go-quote.ts";
import { isObject } from "../meta/json.ts";
import { itemsOf, type ManifestField, memberOf, nameIn, stringIn, wrong } from "./manifest-field.ts";

const group = "rbac.authorization.k8s.io";
const version = `${group}/v1`;
const kinds = ["Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"] as const;

type Kind = (typeof kinds)[number];

/** One RBAC object, of which only kind, namespace and name are read so far. */
export interface Manifest {
  readonly kind: Kind;
  /** "" for the cluster-wide kinds. */
  readonly namespace: string;
  readonly name: string;
  /** The whole object. Error messages call it by kind, name and namespace. */
  readonly root: ManifestField;
  /** The place in the input, for instance `objects[0].items[2]`. */
  readonly at: string;
}

const isKind = (kind: string): kind is Kind => kinds.some((candidate) => candidate === kind);

/** `kind` or `apiVersion`; "" for a value of another type, which files of other tools may have. */
const typeMember = (field: ManifestField, key: "kind" | "apiVersion"): string => {
  const { value } = memberOf(field, key);
  return typeof value === "string" ? value : "";
};

/** An item of a list as an object of its own. Error messages call it by its place in the input. */
const standalone = ({ object, path, value }: ManifestField): ManifestField => ({
  object: `${object}${path.startsWith("[") ? "" : "."}${path}`,
  path: "",
  value,
});

const listKind = /^((?:Cluster)?Role(?:Binding)?)?List$/;

const flatten = (field: ManifestField): readonly ManifestField[] => {
  if (field.value == null) return [];
  const list = listKind.exec(typeMember(field, "kind"));
  if (!list) return [field];
  // The items of a RoleList from an API server have neither kind nor apiVersion.
  const left = list[1] === undefined ? {} : { kind: list[1], apiVersion: typeMember(field, "apiVersion") };
  return itemsOf(memberOf(field, "items"))
    .map((item) => (isObject(item.value) ? { ...item, value: { ...left, ...item.value } } : item))
    .flatMap((item) => flatten(standalone(item)));
};

const isRbac = (field: ManifestField): boolean => {
  const apiVersion = typeMember(field, "apiVersion");
  // A Role of another API group belongs to another product. A Role without a group is taken for one of RBAC.
  return apiVersion.includes("/") ? apiVersion.startsWith(`${group}/`) : isKind(typeMember(field, "kind"));
};

const readManifest = (field: ManifestField): Manifest => {
  const kind = typeMember(field, "kind");
  if (!isKind(kind))
    throw wrong(memberOf(field, "kind"), `is not a kind of ${group}: write one of ${kinds.join(", ")}`);
  const metadata = memberOf({ ...field, object: `${kind} at ${field.object}` }, "metadata");
  const name = nameIn(memberOf(metadata, "name"));
  const namespace = kind.startsWith("Cluster") ? "" : stringIn(memberOf(metadata, "namespace")) || "default";
  const root = { ...field, object: `${kind} ${goQuote(name)}${namespace && ` in namespace ${goQuote(namespace)}`}` };
  if (typeMember(root, "apiVersion") !== version) throw wrong(memberOf(root, "apiVersion"), `must be ${version}`);
  return { kind, namespace, name, root, at: field.object };
};

/**
 * The RBAC objects among parsed manifests, in their order. `List`, `RoleList` and similar kinds are flattened. null (an empty YAML document)
 * and objects of other API groups are skipped, because users pass whole folders. A Role or RoleBinding without a namespace is in `default`,
 * where `kubectl apply` puts it. The namespace of a cluster-wide kind is ignored.
 *
 * @throws RbacError for a value that is not an object, and for RBAC of another version, of an unknown kind or without a name.
 */
export function manifestsIn(objects: readonly unknown[]): readonly Manifest[] {
  return itemsOf({ object: "objects", path: "", value: objects })
    .flatMap((item) => flatten(standalone(item)))
    .filter(isRbac)
    .map(readManifest);
}
