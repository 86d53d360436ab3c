import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { type ControlPlane, startControlPlane } from "../../cluster/control-plane.ts";
import { applied } from "../../cluster/world/applied.ts";
import { until } from "../../cluster/world/until.ts";
import { webhookUser } from "../../cluster/world/users.ts";
import { installWebhook } from "../../cluster/world/webhook.ts";
import { clientCertificate } from "../../support/client-certificate.ts";
import { type FrontProxy, frontProxy, frontProxyFlags, frontProxyName } from "./front-proxy.ts";
import { type Review, type Stage, stageOn } from "./stage.ts";

/** An API server without users of its own, which trusts one client to name any user. */
export interface Ground {
  readonly plane: ControlPlane;
  /** Such as v1.37.2, in the API server's own words. */
  readonly version: string;
  readonly as: FrontProxy;
  /** Posts a SubjectAccessReview as the administrator. */
  readonly review: Review;
  readonly stage: Stage;
  /** What RBAC holds besides the worlds, as stored. */
  readonly base: readonly unknown[];
  readonly stop: () => Promise<void>;
}

/** Only what the webhook's installer looks for. */
const auditPolicy = {
  apiVersion: "audit.k8s.io/v1",
  kind: "Policy",
  omitStages: ["RequestReceived"],
  rules: [
    { level: "RequestResponse", resources: [{ group: "deploy.razee.io" }], users: ["stranger"] },
    { level: "None" },
  ],
};

const apiGroup = "rbac.authorization.k8s.io";

const toEverybody = (name: string, role: string, ...groups: readonly string[]) => ({
  apiVersion: `${apiGroup}/v1`,
  kind: "ClusterRoleBinding",
  metadata: { name },
  roleRef: { apiGroup, kind: "ClusterRole", name: role },
  subjects: groups.map((group) => ({ apiGroup, kind: "Group", name: group })),
});

const writing = { verbs: ["create", "update", "patch"] };

/** Everybody may ask who they are, so that a probe's answer hangs on nothing but the impersonation, and write the guarded kinds. */
const rightsTo = (plurals: readonly string[]): readonly unknown[] => [
  toEverybody("prove-anonymous-too", "system:basic-user", "system:unauthenticated"),
  toEverybody("prove-author", "prove-author", "system:authenticated", "system:unauthenticated"),
  {
    apiVersion: `${apiGroup}/v1`,
    kind: "ClusterRole",
    metadata: { name: "prove-author" },
    rules: [
      {
        apiGroups: ["deploy.razee.io"],
        resources: plurals.flatMap((plural) => [plural, `${plural}/status`]),
        ...writing,
      },
      { apiGroups: ["apps"], resources: ["deployments", "deployments/status"], ...writing },
    ],
  },
];

const guardedKinds = (plurals: readonly string[]): readonly unknown[] =>
  parseAllDocuments(readFileSync(new URL("../../cluster/world/razee-crds.yaml", import.meta.url), "utf8"))
    .map((document) => document.toJS())
    .filter(({ spec }) => plurals.includes(spec.names.plural))
    .map(withoutStatusSubresource);

/** The older version of a kind stores the status with the object, as some definitions do. */
const withoutStatusSubresource = (definition: {
  readonly spec: { readonly versions: readonly { readonly name: string }[] };
}): unknown => {
  const versions = definition.spec.versions.map((version) =>
    version.name === "v1alpha1" ? { ...version, subresources: {} } : version,
  );
  return { ...definition, spec: { ...definition.spec, versions } };
};

/** No controller manager fills aggregated roles here: they stay as they are stored. */
const asStored = (list: { readonly kind: string; readonly items: readonly object[] }) =>
  list.kind === "ClusterRoleList"
    ? { ...list, items: list.items.map((item) => ({ ...item, aggregationRule: null })) }
    : list;

const readBase = async (plane: ControlPlane): Promise<readonly unknown[]> =>
  Promise.all(
    ["roles", "clusterroles", "rolebindings", "clusterrolebindings"].map(async (plural) => {
      const { status, body, text } = await plane.api(plane.user("admin"), { path: `/apis/${apiGroup}/v1/${plural}` });
      if (status !== 200) throw new Error(text);
      return asStored(body);
    }),
  );

/**
 * Starts a control plane to prove on, of this version or the one that the cluster suite runs on.
 *
 * @param webhook whether the whole webhook is installed on it too
 * @param plurals which of Razee's kinds are served
 */
export const startGround = async ({
  version,
  webhook,
  plurals = ["mustachetemplates"],
}: {
  readonly version?: string | undefined;
  readonly webhook: boolean;
  readonly plurals?: readonly string[];
}): Promise<Ground> => {
  const folder = mkdtempSync(join(tmpdir(), "prove-"));
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const { ca, cert, key } = await clientCertificate(frontProxyName);
  const plane = await startControlPlane({
    ...(version ? { version } : {}),
    users: [{ name: "stranger" }, { name: webhookUser }],
    flags: [
      ...frontProxyFlags(file("front-proxy-ca.pem", ca)),
      `--audit-policy-file=${file("audit-policy.json", JSON.stringify(auditPolicy))}`,
    ],
  });
  const admin = plane.user("admin");
  let uninstall = async (): Promise<void> => {};
  const stop = async (): Promise<void> => {
    await uninstall().finally(plane.stop);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await applied(plane, [...rightsTo(plurals), ...guardedKinds(plurals)]);
    for (const plural of plurals)
      await until(`${plural} are served`, async () => {
        const path = `/apis/deploy.razee.io/v1alpha2/${plural}`;
        return (await plane.api(admin, { path })).status === 200;
      });
    if (webhook) uninstall = (await installWebhook(plane)).uninstall;
    const { body } = await plane.api(admin, { path: "/version" });
    const review: Review = (question) =>
      plane.api(admin, {
        method: "POST",
        path: "/apis/authorization.k8s.io/v1/subjectaccessreviews?fieldValidation=Strict",
        body: { apiVersion: "authorization.k8s.io/v1", kind: "SubjectAccessReview", spec: question },
      });
    return {
      plane,
      version: body.gitVersion,
      as: frontProxy(plane.connection.url, { ca: plane.connection.caPem, cert, key }),
      review,
      stage: stageOn(plane, review),
      base: await readBase(plane),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
};
