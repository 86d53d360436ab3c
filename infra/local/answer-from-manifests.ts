import type { Ask } from "../../functions/cluster/ask.ts";
import { authorize, readWorld } from "../../lib/rbac/index.ts";
import { documentsIn, naming } from "../command-line/files.ts";
import { UsageError } from "../command-line/usage.ts";

/** Answers questions from files of RBAC manifests, which are read at once. */
export function answerFromManifests(files: readonly string[]): Ask {
  const world = naming(files.join(", "), () => readWorld(files.flatMap(rbacIn)));
  return async (questions) => questions.map((question) => authorize(world, question));
}

/** The documents of a file. A file without RBAC is refused: every answer from it would be no. */
const rbacIn = (file: string): readonly unknown[] => {
  const documents = documentsIn(file);
  const { roles, clusterRoles, roleBindings, clusterRoleBindings } = naming(file, () => readWorld(documents));
  if (roles.size + clusterRoles.size + roleBindings.length + clusterRoleBindings.length === 0)
    throw new UsageError(
      `--rbac ${file} holds no Role, ClusterRole, RoleBinding or ClusterRoleBinding of rbac.authorization.k8s.io`,
    );
  return documents;
};
