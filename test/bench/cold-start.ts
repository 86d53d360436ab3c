import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import Table from "cli-table3";
import { build } from "esbuild";
import { throwAwayCertificates } from "../../infra/certificates.ts";
import { type Deployment, startInstance } from "../runtime/instance.ts";
import { unpackPackage } from "../runtime/packaged.ts";
import { writeRegistry } from "../runtime/registry.ts";
import { requireRuntimeClient } from "../runtime/runtime-client.ts";

const help = `Measures cold starts: how long the packaged function takes, under the real Lambda runtime client, until it asks for its first event.

usage: npm run bench:cold -- [--rounds N]     (20 rounds, after one that does not count)

Every round starts each variant once, back and forth, so that what else the machine does meets them all. Compare the ratios: the
milliseconds are this machine's. CPU time is read from /proc, where there is one.`;

interface Variant extends Deployment {
  readonly name: string;
  readonly init: number[];
  readonly cpu: number[];
}

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Bundles a handler as infra/build.ts does; the folder is a deployment. */
const deploy = async (folder: string, source: string): Promise<string> => {
  await build({
    stdin: { contents: source, resolveDir: root },
    outfile: join(folder, "dist/admission.js"),
    bundle: true,
    minify: true,
    platform: "node",
    target: "node24",
    format: "cjs",
  });
  await writeFile(join(folder, "dist/package.json"), '{"type":"commonjs"}');
  return folder;
};

const variantsIn = async (folder: string): Promise<readonly Variant[]> => {
  const { ca } = await throwAwayCertificates({ hosts: ["localhost"] });
  const registry = join(folder, "kubeconfig");
  const caData = Buffer.from(ca).toString("base64");
  await writeRegistry(registry, { name: "demo", key: "key", url: "https://localhost:6443", caData, token: "token" });
  const { taskRoot } = await unpackPackage();
  const empty = await deploy(join(folder, "empty"), "export const handler = async () => ({});");
  const middy = await deploy(
    join(folder, "middy"),
    'import middy from "@middy/core"; export const handler = middy().handler(async () => ({}));',
  );
  const variant = (name: string, root: string, environment = {}): Variant => ({
    name,
    taskRoot: root,
    handler: "dist/admission.handler",
    environment,
    init: [],
    cpu: [],
  });
  return [
    variant("empty handler", empty),
    variant("middy alone", middy),
    variant("ours, no registry", taskRoot),
    variant("ours, a registry of one cluster", taskRoot, { REGISTRY: registry }),
  ];
};

const measure = async (variants: readonly Variant[], rounds: number): Promise<void> => {
  for (let round = 0; round <= rounds; round++)
    for (const variant of round % 2 ? variants : variants.toReversed()) {
      const { initMilliseconds, initCpuMilliseconds, stop } = await startInstance(variant);
      await stop();
      if (round === 0) continue;
      variant.init.push(initMilliseconds);
      if (initCpuMilliseconds !== undefined) variant.cpu.push(initCpuMilliseconds);
    }
};

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
const cells = (values: readonly number[], base: readonly number[]): readonly string[] =>
  values.length === 0
    ? ["-", "-", "-"]
    : [median(values).toFixed(1), Math.min(...values).toFixed(1), `${(median(values) / median(base)).toFixed(2)} x`];

const report = async (variants: readonly Variant[]): Promise<string> => {
  const table = new Table({
    head: ["variant", "bytes", "init ms", "min", "of empty", "CPU ms", "min", "of empty"],
    colAligns: ["left", ...Array(7).fill("right")],
    style: { head: [], border: [] },
  });
  const [base] = variants;
  for (const { name, taskRoot, init, cpu } of variants) {
    const { size } = await stat(join(taskRoot, "dist/admission.js"));
    table.push([name, size, ...cells(init, base?.init ?? []), ...cells(cpu, base?.cpu ?? [])]);
  }
  return table.toString();
};

const main = async (): Promise<void> => {
  const { values } = parseArgs({
    options: { rounds: { type: "string", default: "20" }, help: { type: "boolean", default: false } },
  });
  if (values.help) return console.log(help);
  requireRuntimeClient();
  const folder = await mkdtemp(join(tmpdir(), "cold-start-"));
  for (const name of ["empty/dist", "middy/dist"]) await mkdir(join(folder, name), { recursive: true });
  const variants = await variantsIn(folder);
  try {
    await measure(variants, Number(values.rounds));
    const { version } = JSON.parse(await readFile(new URL("../runtime/package-lock.json", import.meta.url), "utf8"))
      .packages["node_modules/aws-lambda-ric"];
    console.log(`Node ${process.version}, aws-lambda-ric ${version}, median and minimum of ${values.rounds} starts`);
    console.log(await report(variants));
  } finally {
    for (const path of new Set([folder, ...variants.map(({ taskRoot }) => taskRoot)]))
      await rm(path, { recursive: true, force: true });
  }
};

await main();
