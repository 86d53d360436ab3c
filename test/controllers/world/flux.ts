import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ControlPlane } from "../../cluster/control-plane.ts";
import { freePorts } from "../../cluster/harness/free-ports.ts";
import { applied } from "../../cluster/world/applied.ts";
import { until } from "../../cluster/world/until.ts";
import { answers } from "./answers.ts";
import { controllerProgram, controllerVersion } from "./controller-program.ts";
import { moduleFolder } from "./module-folder.ts";
import { type Controller, startController } from "./start-controller.ts";

export type FluxController = "kustomize-controller" | "helm-controller";

/** The newest source-controller that the oldest Go of this repository can read; only its CustomResourceDefinitions are used. */
const sourceController = "github.com/fluxcd/source-controller@v1.9.6";

const definitionsOf = (module: string): readonly string[] => {
  const folder = join(moduleFolder(module), "config/crd/bases");
  return readdirSync(folder).map((file) => readFileSync(join(folder, file), "utf8"));
};

/** Installs the resources of a Flux controller, and those of the sources. */
export const installFluxResources = async (plane: ControlPlane, name: FluxController): Promise<void> => {
  const modules = [`github.com/fluxcd/${name}@${controllerVersion(name)}`, sourceController];
  await applied(plane, modules.flatMap(definitionsOf).join("\n---\n"));
  const groups = [
    name === "helm-controller"
      ? "helm.toolkit.fluxcd.io/v2/helmreleases"
      : "kustomize.toolkit.fluxcd.io/v1/kustomizations",
    "source.toolkit.fluxcd.io/v1/gitrepositories",
    "source.toolkit.fluxcd.io/v1/helmcharts",
  ];
  await until("Flux's resources are served", async () => {
    const replies = groups.map((path) => plane.api(plane.user("admin"), { path: `/apis/${path}` }));
    return (await Promise.all(replies)).every(({ status }) => status === 200);
  });
};

/** Starts a Flux controller as Flux's own manifests do: in flux-system, with a service account that is cluster-admin. */
export const startFlux = async (
  plane: ControlPlane,
  controller: FluxController,
  flags: readonly string[] = [],
): Promise<Controller> => {
  const program = await controllerProgram(controller);
  const [metrics = 0, health = 0] = await freePorts(2);
  return startController(plane, {
    name: controller,
    program,
    args: [
      ...["--metrics-addr", `127.0.0.1:${metrics}`, "--health-addr", `127.0.0.1:${health}`],
      ...["--watch-all-namespaces", ...flags],
    ],
    account: { namespace: "flux-system", name: controller },
    env: { RUNTIME_NAMESPACE: "flux-system" },
    ready: () => answers(`http://127.0.0.1:${health}/readyz`),
  });
};
