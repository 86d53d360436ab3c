import { copyFile, mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { Deployment } from "../runtime/instance.ts";
import { unpackPackage } from "../runtime/packaged.ts";
import { writeRegistry } from "../runtime/registry.ts";
import type { BenchCluster } from "./cluster.ts";
import { callerKey } from "./events.ts";

/** One of the compared functions. */
export interface Variant extends Deployment {
  readonly name: string;
  readonly bytes: number;
  /** Whether its first answer to a review can be awaited. A function without a registry refuses the review. */
  readonly answers: boolean;
}

export interface Variants {
  readonly variants: Readonly<
    Record<
      "empty" | "middy" | "echo" | "bareHttps" | "bareHttpsWarm" | "clientNode" | "bare" | "oursCold" | "ours",
      Variant
    >
  >;
  readonly remove: () => Promise<void>;
}

const handlers = fileURLToPath(new URL("handlers/", import.meta.url));

/** Bundles a handler as infra/build/build-functions.ts does, with all dependencies. The folder is a deployment. */
const bundle = async (folder: string, name: string): Promise<string> => {
  const taskRoot = join(folder, name);
  await mkdir(join(taskRoot, "dist"), { recursive: true });
  await build({
    entryPoints: [`${handlers}${name}.ts`],
    outfile: join(taskRoot, "dist/admission.js"),
    bundle: true,
    minify: true,
    platform: "node",
    target: "node24",
    format: "cjs",
    mainFields: ["module", "main"],
    logLevel: "error",
  });
  await writeFile(join(taskRoot, "dist/package.json"), '{"type":"commonjs"}');
  return taskRoot;
};

/** Builds the compared functions. Those that ask questions ask this cluster. */
export const buildVariants = async (cluster: BenchCluster): Promise<Variants> => {
  const folder = await mkdtemp(join(tmpdir(), "bench-"));
  const registry = join(folder, "kubeconfig");
  await writeRegistry(registry, { name: "demo", key: callerKey, ...cluster.asker });
  const { taskRoot: ours } = await unpackPackage();
  const variant = async (name: string, taskRoot: string, more: Partial<Variant> = {}): Promise<Variant> => ({
    name,
    taskRoot,
    handler: "dist/admission.handler",
    environment: { REGISTRY: registry },
    bytes: (await stat(join(taskRoot, "dist/admission.js"))).size,
    answers: true,
    ...more,
  });
  const bareHttps = await bundle(folder, "bare-https");
  await copyFile(join(ours, "dist/lambda.mjs"), join(bareHttps, "dist/lambda.mjs"));
  const handler = "dist/lambda.handler";
  const off = { REGISTRY: registry, WARM_CLUSTERS: "0" };
  return {
    variants: {
      empty: await variant("empty handler", await bundle(folder, "empty"), { environment: {} }),
      middy: await variant("middy alone", await bundle(folder, "middy"), { environment: {} }),
      echo: await variant("echo: parse and allow", await bundle(folder, "echo"), { environment: {} }),
      bareHttps: await variant("echo + a bare kept-alive SAR", bareHttps),
      bareHttpsWarm: await variant("echo + a bare kept-alive SAR, warmed", bareHttps, { handler }),
      clientNode: await variant("echo + a SAR by client-node as documented", await bundle(folder, "client-node")),
      bare: await variant("ours, no cluster", ours, { handler, environment: { WARM_CLUSTERS: "0" }, answers: false }),
      oursCold: await variant("ours, one cluster, not warmed", ours, { handler, environment: off }),
      ours: await variant("ours, one cluster", ours, { handler }),
    },
    remove: async () => {
      for (const path of [folder, ours]) await rm(path, { recursive: true, force: true });
    },
  };
};
