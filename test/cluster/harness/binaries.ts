import { accessSync, constants, existsSync, readdirSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { goBuild } from "./go-build.ts";
import { minorOf } from "./minor-of.ts";

/** The programs of a control plane, by path. */
export interface Binaries {
  readonly apiServer: string;
  readonly etcd: string;
  readonly kubectl: string;
}

/** Where this machine can get a control plane from, or why it cannot. */
export type Source =
  | { readonly kind: "found"; readonly binaries: Binaries }
  | { readonly kind: "build"; readonly module: string; readonly version: string; readonly folder: string }
  | { readonly kind: "none"; readonly reason: string };

const modules = fileURLToPath(new URL("../control-plane", import.meta.url));

/** Whether this process may run the file. */
export const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

const complete = (binaries: Binaries): boolean => Object.values(binaries).every(isExecutable);

const layout = (folder: string, etcd: string): Binaries => ({
  apiServer: join(folder, "kube-apiserver"),
  etcd: join(folder, etcd),
  kubectl: join(folder, "kubectl"),
});

/** The Kubernetes version that the Go module in a folder builds, such as `v1.37.2`. */
const pinnedVersion = (folder: string): string | undefined => {
  const file = join(folder, "go.mod");
  return existsSync(file)
    ? /^(?:require\s|\s)\s*k8s\.io\/kubernetes (v\S+)/m.exec(readFileSync(file, "utf8"))?.[1]
    : undefined;
};

/** The oldest version that is supported. A test runs on it where the version is asked for by name. */
export const oldestSupported = "v1.30.14";

/** Every other version of Kubernetes that a Go module in `control-plane` or in a folder of it builds, newest first. */
export const everyVersion: readonly string[] = ["", ...readdirSync(modules)]
  .flatMap((name) => pinnedVersion(join(modules, name)) ?? [])
  .filter((version) => version !== oldestSupported)
  .sort((a, b) => minorOf(b) - minorOf(a));

/** Whether a program of this name is in a folder of PATH. */
export const onPath = (program: string): boolean =>
  (process.env["PATH"] ?? "").split(delimiter).some((folder) => isExecutable(join(folder, program)));

/**
 * Looks for kube-apiserver, etcd and kubectl: in `KUBEBUILDER_ASSETS` (envtest's layout), then among the earlier builds. Otherwise a
 * Go toolchain can build them. A version that is named is always this repository's own build.
 *
 * @param wanted such as `v1.34.8`, whose module is in `control-plane/<version>/`. Default: the version that `control-plane/go.mod` pins
 */
export const findSource = (wanted?: string): Source => {
  const assets = process.env["KUBEBUILDER_ASSETS"];
  if (assets && !wanted) {
    const binaries = layout(assets, "etcd");
    if (complete(binaries)) return { kind: "found", binaries };
  }
  const candidates = [modules, ...(wanted ? [join(modules, wanted)] : [])];
  const module = candidates.find((folder) => pinnedVersion(folder) === (wanted ?? pinnedVersion(modules)));
  const version = wanted ?? pinnedVersion(modules);
  if (!module || !version)
    return { kind: "none", reason: `no go.mod under ${modules} builds Kubernetes ${version ?? ""}` };
  const folder = join(modules, "bin", version);
  const binaries = layout(folder, "server");
  if (complete(binaries)) return { kind: "found", binaries };
  if (onPath("go")) return { kind: "build", module, version, folder };
  return {
    kind: "none",
    reason: `no kube-apiserver, etcd and kubectl in KUBEBUILDER_ASSETS or ${folder}, and no go to build them`,
  };
};

/** Builds the three programs, which takes about ten minutes with a cold Go cache. */
const build = async ({ module, version, folder }: Extract<Source, { kind: "build" }>): Promise<Binaries> => {
  const [major, minor] = version.slice(1).split(".");
  const stamp = "-X k8s.io/component-base/version";
  const ldflags = `${stamp}.gitVersion=${version} ${stamp}.gitMajor=${major} ${stamp}.gitMinor=${minor}`;
  await goBuild({ what: `Kubernetes ${version}`, module, folder, ldflags });
  return layout(folder, "server");
};

/** The programs of a control plane, built first if necessary. Throws where they cannot be found or built. */
export const binaries = async (version?: string): Promise<Binaries> => {
  const source = findSource(version);
  if (source.kind === "none") throw new Error(source.reason);
  return source.kind === "found" ? source.binaries : build(source);
};
