import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { type ControlPlane, startControlPlane } from "../control-plane.ts";
import { applied } from "./applied.ts";
import { until } from "./until.ts";
import { users, webhookUser } from "./users.ts";

/** A cluster for one test file, because the file's tests depend on the state of the whole cluster. */
export interface OwnCluster extends ControlPlane {
  /** The path of a kubeconfig file for a user; its only context is `cluster`. */
  readonly kubeconfigOf: (user: string) => string;
  /** Writes a file next to them. */
  readonly file: (name: string, content: unknown) => string;
  readonly stop: () => Promise<void>;
}

interface Manifest {
  readonly metadata: { readonly name: string };
  readonly subjects?: readonly { readonly name: string }[];
}

const manifests = (file: string): readonly Manifest[] =>
  parseAllDocuments(readFileSync(new URL(file, import.meta.url), "utf8")).map((document) => document.toJS());

/** The users of the test cluster, who are in the group `authors`, and the webhook's identity, which is in no group. */
const people = users.map((user) =>
  user.name === webhookUser ? user : { ...user, groups: [...(user.groups ?? []), "authors"] },
);

/** Grants to `authors` what `rbac.yaml` grants to all authenticated users: the webhook's identity must not have these permissions. */
const rights = manifests("rbac.yaml").map((manifest) =>
  manifest.metadata.name === "all-users-are-razee-authors"
    ? { ...manifest, subjects: manifest.subjects?.map((subject) => ({ ...subject, name: "authors" })) }
    : manifest,
);

/** @param plurals the kinds of Razee that are installed */
export const startOwnCluster = async (plurals: readonly string[]): Promise<OwnCluster> => {
  const plane = await startControlPlane({ users: people });
  const file = (name: string, content: unknown): string => {
    const path = join(plane.connection.folder, name);
    writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content), { mode: 0o600 });
    return path;
  };
  const installed = manifests("razee-crds.yaml").filter(({ metadata: { name } }) =>
    plurals.includes(name.split(".")[0] ?? ""),
  );
  await applied(plane, [...installed, ...rights]);
  await until("Razee's kinds are served", async () => {
    const answers = plurals.map((plural) =>
      plane.api(plane.user("admin"), { path: `/apis/deploy.razee.io/v1alpha2/${plural}` }),
    );
    return (await Promise.all(answers)).every(({ status }) => status === 200);
  });
  return {
    ...plane,
    file,
    kubeconfigOf: (user) => file(`${encodeURIComponent(user)}.kubeconfig`, plane.kubeconfig(plane.user(user))),
  };
};
