import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { type Kubeconfig, mergeKubeconfigs, readKubeconfig } from "../../functions/cluster/kubeconfig.ts";
import { textOf } from "../../functions/yaml/documents.ts";
import { naming, readBytes } from "./files.ts";
import { UsageError } from "./usage.ts";

/** A kubeconfig, and the file or files that it was read from. */
export interface LoadedKubeconfig {
  readonly kubeconfig: Kubeconfig;
  readonly origin: string;
}

/** One context of a kubeconfig. */
export interface ChosenContext extends LoadedKubeconfig {
  readonly context: string;
}

/** The files that kubectl reads by default: those of `$KUBECONFIG`, of which some may be missing, or `~/.kube/config`. */
const usualFiles = (): readonly string[] => {
  const listed = (process.env["KUBECONFIG"] ?? "").split(delimiter).filter((file) => file !== "");
  return listed.length > 0 ? [...new Set(listed)] : [join(homedir(), ".kube", "config")];
};

const read = (file: string): Kubeconfig => naming(file, () => readKubeconfig(textOf(readBytes(file)), dirname(file)));

const load = (file: string | undefined): LoadedKubeconfig => {
  if (file !== undefined) return { kubeconfig: read(file), origin: file };
  const usual = usualFiles();
  const files = usual.filter((each) => existsSync(each));
  if (files.length === 0)
    throw new UsageError(`no kubeconfig was found at ${usual.join(", ")}; give --kubeconfig FILE or set KUBECONFIG`);
  return { kubeconfig: mergeKubeconfigs(files.map(read)), origin: files.join(delimiter) };
};

/**
 * The context that a command line names, of a file or of the kubeconfigs that kubectl reads by default. Without a name, the current
 * context.
 *
 * @throws UsageError for a file that cannot be read, and where neither the command line nor the kubeconfig names a context
 */
export function chooseContext(file: string | undefined, name: string | undefined): ChosenContext {
  const loaded = load(file);
  const context = name ?? loaded.kubeconfig.currentContext;
  if (context === "") throw new UsageError(`${loaded.origin} has no current-context; give --context NAME`);
  return { ...loaded, context };
}
