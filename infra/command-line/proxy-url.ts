import { UsageError } from "./usage.ts";

/** Paths that every program reads alike: the proxy compares its own part of a path as raw text. */
const path = /^(\/[A-Za-z0-9._:@~-]+)*$/;

/**
 * Reads the URL of a proxy as it stands in a kubeconfig: `https://HOST[:PORT][/k8s/clusters/NAME]`, without a slash at its end.
 *
 * @param option the option that holds it, for the sentence of an error
 * @throws UsageError
 */
export function proxyUrl(option: string, text: string): string {
  const refuse = (why: string): never => {
    throw new UsageError(`${option} ${why}`);
  };
  if (/^http:/i.test(text))
    return refuse("must start with https://, because over http:// a credential can be read on the way");
  const [, authority = "", rest = ""] = /^https:\/\/([^/?#\\]*)(.*)$/is.exec(text) ?? [];
  if (authority === "") return refuse(`${JSON.stringify(text)} is not https://HOST[:PORT][/PATH]`);
  if (authority.includes("@")) return refuse("must hold no user name and no password; remove what stands before @");
  if (/[?#]/.test(rest)) return refuse("must hold a host and a path only; remove what follows ? or #");
  const parsed = URL.parse(`https://${authority}`);
  if (!parsed || parsed.port === "0" || parsed.host !== authority.toLowerCase().replace(/:443$/, ""))
    return refuse(`has no host that can be read in ${JSON.stringify(authority)}; write HOST or HOST:PORT`);
  const bare = rest.replace(/\/+$/, "");
  if (!path.test(bare) || /\/\.\.?(\/|$)/.test(bare))
    return refuse(`has the path ${JSON.stringify(rest)}; write it as the proxy prints it, such as /k8s/clusters/prod`);
  return `https://${authority}${bare}`;
}
