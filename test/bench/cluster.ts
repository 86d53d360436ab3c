import { askerRoles } from "../../lib/manifests/index.ts";
import { applied } from "../cluster/world/applied.ts";
import { type OwnCluster, startOwnCluster } from "../cluster/world/own-cluster.ts";
import { webhookUser } from "../cluster/world/users.ts";

/** A real API server to ask and to write to. */
export interface BenchCluster extends OwnCluster {
  /** The function's connection to it, as an identity that may only create SubjectAccessReviews. */
  readonly asker: { readonly url: string; readonly caData: string; readonly token: string };
}

export const startBenchCluster = async (): Promise<BenchCluster> => {
  const cluster = await startOwnCluster(["mustachetemplates"]);
  await applied(cluster, askerRoles(webhookUser));
  const { url, caPem } = cluster.connection;
  return {
    ...cluster,
    asker: { url, caData: Buffer.from(caPem).toString("base64"), token: cluster.user(webhookUser).token },
  };
};
