import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ControlPlane } from "../../cluster/control-plane.ts";
import { applied } from "../../cluster/world/applied.ts";
import { until } from "../../cluster/world/until.ts";
import { controllerProgram, controllerVersion } from "./controller-program.ts";
import { moduleFolder } from "./module-folder.ts";
import { type Controller, startController } from "./start-controller.ts";

const name = "argo-workflow-controller";

/** Installs Argo's CustomResourceDefinitions that its manifests install by default: their objects may have members of any name. */
export const installArgoResources = async (plane: ControlPlane): Promise<void> => {
  const module = moduleFolder(`github.com/argoproj/argo-workflows/v3@${controllerVersion(name)}`);
  const folder = join(module, "manifests/base/crds/minimal");
  const definitions = readdirSync(folder).filter((file) => file.startsWith("argoproj.io_"));
  await applied(plane, definitions.map((file) => readFileSync(join(folder, file), "utf8")).join("\n---\n"));
  await until("Argo's resources are served", async () => {
    const { status, body } = await plane.api(plane.user("admin"), { path: "/apis/argoproj.io/v1alpha1" });
    return (
      status === 200 && new Set(body.resources.map((each: { name: string }) => each.name.split("/")[0])).size === 8
    );
  });
};

const every = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];

/** Starts the workflow-controller in argo. As in Argo's own manifests, it may not impersonate. */
export const startArgo = async (plane: ControlPlane): Promise<Controller> => {
  const program = await controllerProgram(name);
  await applied(plane, [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: "argo" } },
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "workflow-controller-configmap", namespace: "argo" },
      data: { config: "executor: { image: none }\nmetricsConfig: { enabled: false }" },
    },
  ]);
  return startController(plane, {
    name,
    program,
    // The flag, because the controller does not read KUBECONFIG.
    args: ["--kubeconfig", "kubeconfig.json", "--executor-image", "none", "-n", "argo"],
    account: { namespace: "argo", name: "argo" },
    rules: [
      { apiGroups: ["argoproj.io"], resources: ["*"], verbs: every },
      { apiGroups: [""], resources: ["pods", "pods/exec", "configmaps", "events"], verbs: every },
      {
        apiGroups: [""],
        resources: ["serviceaccounts", "secrets", "namespaces", "pods/log"],
        verbs: ["get", "list", "watch"],
      },
    ],
    env: { LEADER_ELECTION_DISABLE: "true", ARGO_NAMESPACE: "argo" },
    // It does not say when it has begun to watch; a Workflow that is created earlier is listed.
    ready: async () => true,
  });
};
