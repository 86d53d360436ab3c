import { readCaBundle } from "../../functions/cluster/ca-bundle.ts";
import { readText } from "./files.ts";
import { UsageError } from "./usage.ts";

/**
 * The certificates of the file that `--ca-bundle` names, as PEM and nothing else: files often also hold keys, notes and a byte order mark.
 *
 * @throws UsageError
 */
export function caBundleOf(file: string): string {
  const text = readText(file);
  if (text.includes("\0")) throw new UsageError(`--ca-bundle ${file} is not UTF-8 text; save it as PEM in UTF-8`);
  const { certificates, ignored } = readCaBundle(text.replace(/^\ufeff/, ""));
  if (ignored[0]) throw new UsageError(`--ca-bundle ${file} holds what Kubernetes does not read: ${ignored[0]}`);
  if (certificates.length === 0) throw new UsageError(`--ca-bundle ${file} holds no PEM certificate`);
  return certificates.join("");
}
