import { createPrivateKey, X509Certificate } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../command-line/usage.ts";
import { type Authority, newAuthority } from "./certificates.ts";
import { newKey } from "./new-key.ts";
import { replaceFile } from "./replace-file.ts";

/** The CA and the key that a local server is registered with. They are kept, so that a registration holds after a restart. */
export interface LocalIdentity {
  readonly authority: Authority;
  /** The path of the CA's certificate, once it is kept. */
  readonly caFile: string;
  /** The key in the URL. */
  readonly key: string;
  /** Writes what is new; only the owner can read secrets. Not called by a start that fails. */
  readonly keep: () => void;
}

const day = 86_400_000;

/** Reads a CA (`ca.pem`, `ca.key`) and a key (`key`) from a folder, and makes those that are missing or unusable. */
export async function localIdentity(folder: string): Promise<LocalIdentity> {
  const at = (name: string): string => join(folder, name);
  const found = { ca: textOf(at("ca.pem")), caKey: textOf(at("ca.key")), key: textOf(at("key")) };
  const { ca, caKey } = isUsable(found) ? found : await newAuthority();
  const key = /^[\w-]{43}\n$/.test(found.key) ? found.key.trim() : newKey();
  const keep = (): void => {
    mkdirSync(folder, { recursive: true });
    // A folder of another repository must not commit a key.
    writeFileSync(at(".gitignore"), "*\n");
    if (caKey !== found.caKey) replaceFile(at("ca.key"), caKey, 0o600);
    if (ca !== found.ca) replaceFile(at("ca.pem"), ca, 0o644);
    if (`${key}\n` !== found.key) replaceFile(at("key"), `${key}\n`, 0o600);
  };
  return { authority: { ca, caKey }, caFile: at("ca.pem"), key, keep };
}

/** "" where there is no such file. */
const textOf = (file: string): string => {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return "";
    throw new UsageError(`${file} cannot be read (${code}); make it readable, or delete it`);
  }
};

/** Whether a CA can sign and is valid for at least another day. */
const isUsable = ({ ca, caKey }: Authority): boolean => {
  try {
    const certificate = new X509Certificate(ca);
    const isOfTime =
      Date.parse(certificate.validFrom) <= Date.now() && Date.parse(certificate.validTo) > Date.now() + day;
    return isOfTime && certificate.ca && certificate.checkPrivateKey(createPrivateKey(caKey));
  } catch {
    return false;
  }
};
