import { execFile } from "node:child_process";
import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { unzipInto } from "./unzip.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** A deployment package: the result of `npm run package` for one function, unpacked into a temporary folder, and the names of its files. */
export const unpackPackage = async (
  name: "admission" | "proxy" = "admission",
): Promise<{ readonly taskRoot: string; readonly files: readonly string[] }> => {
  const params = name === "proxy" ? ["--", "--param", "proxyRegistry=ssm:/impersonation-proxy/"] : [];
  await promisify(execFile)("npm", ["run", "package", ...params], { cwd: root });
  const taskRoot = await mkdtemp(join(tmpdir(), "lambda-task-"));
  return { taskRoot, files: unzipInto(await readFile(`${root}.serverless/${name}.zip`), taskRoot) };
};
