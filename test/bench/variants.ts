import { mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { Deployment } from "../runtime/instance.ts";
import { unpackPackage } from "../runtime/packaged.ts";
import { writeRegistry } from "../runtime/registry.ts";
import type { BenchCluster } from "./cluster.ts";
import { callerKey } from "./events.ts";

/** A function that is compared. */
export interface Variant extends Deployment {
  readonly name: string;
  readonly bytes: number;
  /** Whether its first answer to a review can be waited for: what knows no registry refuses it. */
  readonly answers: boolean;
}

export interface Variants {
  readonly variants: Readonly<
    Record<"empty" | "middy" | "echo" | "bareHttps" | "clientNode" | "bare" | "ours", Variant>
  >;
  readonly remove: () => Promise<void>;
}

const handlers = fileURLToPath(new URL("handlers/", import.meta.url));

/** Bundles a handler as infra/build.ts does, nothing left out; the folder is a deployment. */
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

/** Builds what is compared; those that ask, ask this cluster. */
export const buildVariants = async (cluster: BenchCluster): Promise<Variants> => {
  const folder = await mkdtemp(join(tmpdir(), "bench-"));
  const registry = join(folder, "kubeconfig");
  await writeRegistry(registry, { name: "demo", key: callerKey, ...cluster.asker });
  const { taskRoot: ours } = await unpackPackage();
  const variant = async (name: string, taskRoot: string, { knows = true, answers = true } = {}): Promise<Variant> => ({
    name,
    taskRoot,
    handler: "dist/admission.handler",
    environment: knows ? { REGISTRY: registry } : {},
    bytes: (await stat(join(taskRoot, "dist/admission.js"))).size,
    answers,
  });
  return {
    variants: {
      empty: await variant("empty handler", await bundle(folder, "empty")),
      middy: await variant("middy alone", await bundle(folder, "middy")),
      echo: await variant("echo: parse and allow", await bundle(folder, "echo")),
      bareHttps: await variant("echo + a bare kept-alive SAR", await bundle(folder, "bare-https")),
      clientNode: await variant("echo + a SAR by client-node as documented", await bundle(folder, "client-node")),
      bare: await variant("ours, no cluster", ours, { knows: false, answers: false }),
      ours: await variant("ours, one cluster", ours),
    },
    remove: async () => {
      for (const path of [folder, ours]) await rm(path, { recursive: true, force: true });
    },
  };
};
