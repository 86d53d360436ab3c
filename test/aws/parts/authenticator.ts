import { spawn, spawnSync } from "node:child_process";
import { accessSync, constants, mkdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const module = fileURLToPath(new URL("../authenticator", import.meta.url));

const [version] = /(?<=aws-iam-authenticator )v\S+/.exec(readFileSync(join(module, "go.mod"), "utf8")) ?? ["unknown"];
const built = join(module, "bin", version, "aws-iam-authenticator");

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
};

/** aws-iam-authenticator: the path in AWS_IAM_AUTHENTICATOR, or the program that was built here. */
export const authenticator = process.env["AWS_IAM_AUTHENTICATOR"] || built;

/**
 * Builds aws-iam-authenticator where it is missing, which takes minutes with a cold Go cache. Prints every package that is compiled.
 *
 * @returns why it is missing; undefined where it is installed
 */
export const buildAuthenticator = (): string | undefined => {
  if (isExecutable(authenticator)) return undefined;
  if (authenticator !== built) return `AWS_IAM_AUTHENTICATOR names ${authenticator}, which is not a program`;
  process.stderr.write(`Building aws-iam-authenticator ${version} with go (up to ten minutes) ...\n`);
  const partial = join(module, "bin", "partial");
  mkdirSync(partial, { recursive: true });
  const args = ["build", "-v", "-buildvcs=false", "-trimpath", "-ldflags", "-s -w", "-o", `${partial}/`, "tool"];
  const { status } = spawnSync("go", args, { cwd: module, stdio: ["ignore", 2, 2] });
  if (status !== 0) return "go build failed in test/aws/authenticator; it needs go";
  rmSync(dirname(built), { recursive: true, force: true });
  renameSync(partial, dirname(built));
  return undefined;
};

/** The environment that leads it to a local STS: a proxy for every host, the CA that it trusts, and no look-up of instance metadata. */
export interface Surroundings {
  readonly proxy: string;
  readonly caFile: string;
}

export const environmentOf = ({ proxy, caFile }: Surroundings): Readonly<Record<string, string>> => ({
  HTTPS_PROXY: proxy,
  SSL_CERT_FILE: caFile,
  AWS_EC2_METADATA_DISABLED: "true",
});

/** The output of `aws-iam-authenticator verify` for a token. */
export interface Verified {
  readonly accepted: boolean;
  readonly output: string;
}

export const verify = (
  token: string,
  cluster: string,
  surroundings: Surroundings,
  partition = "aws",
): Promise<Verified> =>
  new Promise((resolve, reject) => {
    const args = ["verify", "--token", token, "--cluster-id", cluster, "--output", "json", "--partition", partition];
    const child = spawn(authenticator, args, {
      env: { PATH: process.env["PATH"], ...environmentOf(surroundings) },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    child.on("error", reject).on("close", (code) => resolve({ accepted: code === 0, output }));
  });
