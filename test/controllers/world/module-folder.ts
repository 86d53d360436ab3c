import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";

/**
 * The folder of a Go module's files in the module cache, downloaded first if necessary. Its CustomResourceDefinitions lie there.
 *
 * @param module with its version, such as `github.com/fluxcd/source-controller@v1.9.6`
 */
export const moduleFolder = (module: string): string => {
  const text = execFileSync("go", ["mod", "download", "-json", module], { encoding: "utf8", cwd: tmpdir() });
  return JSON.parse(text).Dir;
};
