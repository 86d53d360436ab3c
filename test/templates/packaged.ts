import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { unzip } from "../runtime/unzip.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const run = promisify(execFile);

/** A deployment: a configuration file and its parameters. */
export interface Variant {
  readonly config: "serverless.yml" | "serverless.private.yml";
  readonly params?: Readonly<Record<string, string>>;
  readonly stage?: string;
}

/** A resource of a template. */
export interface Resource {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: the tests read properties of every resource type
  readonly Properties: any;
}

export interface Packaged {
  /** The path of the template. */
  readonly file: string;
  readonly resources: Readonly<Record<string, Resource>>;
  readonly outputs: Readonly<Record<string, { readonly Value: unknown }>>;
  /** The names in the zip. */
  readonly files: readonly string[];
  /** The names in the zip of the proxy; undefined where it is not deployed. */
  readonly proxyFiles: readonly string[] | undefined;
  /** The output of osls. */
  readonly output: string;
  readonly remove: () => Promise<void>;
}

/** Without the machine's AWS configuration: packaging does not need it. */
const environment = { PATH: process.env["PATH"], HOME: "/nowhere", AWS_REGION: "eu-west-1" };

/** Packages a variant as `npm run package` does. Rejects with the output of osls. */
export const packaged = async ({ config, params = {}, stage = "prod" }: Variant): Promise<Packaged> => {
  const folder = await mkdtemp(join(tmpdir(), "template-"));
  const given = Object.entries(params).flatMap(([name, value]) => ["--param", `${name}=${value}`]);
  const args = ["package", "--config", config, "--package", folder, "--stage", stage, ...given];
  let output: string;
  try {
    const { stdout, stderr } = await run(join(root, "node_modules/.bin/osls"), args, { cwd: root, env: environment });
    output = stdout + stderr;
  } catch (error) {
    await rm(folder, { recursive: true });
    const { stdout, stderr } = error as { readonly stdout: string; readonly stderr: string };
    throw new Error(stdout + stderr);
  }
  const file = join(folder, "cloudformation-template-update-stack.json");
  const { Resources: resources, Outputs: outputs } = JSON.parse(await readFile(file, "utf8"));
  return {
    file,
    resources,
    outputs,
    output,
    files: unzip(await readFile(join(folder, "admission.zip"))).map(([name]) => name),
    proxyFiles: existsSync(join(folder, "proxy.zip"))
      ? unzip(await readFile(join(folder, "proxy.zip"))).map(([name]) => name)
      : undefined,
    remove: () => rm(folder, { recursive: true }),
  };
};
