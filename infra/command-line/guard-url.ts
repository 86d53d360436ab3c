import { calledAs } from "./installation.ts";
import { UsageError } from "./usage.ts";

/** Whether only this machine can reach an address (RFC 1122, RFC 4291, RFC 6761). */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i.test(host.replace(/\.$/, ""));
}

/** Paths that every parser reads alike: unreserved characters (RFC 3986). */
const segments = /^(\/[A-Za-z0-9._~-]+)*$/;

/**
 * The fault of a `HOST[:PORT][/PATH]`, in words that follow the name of an option. The value may hold a key, so it is not repeated.
 * Go's parser and the URL standard read every value that passes alike.
 */
const faultOf = (text: string): string | undefined => {
  if (/[^!-~]|\\/.test(text)) return "holds a blank, a backslash or a character that is not ASCII; remove it";
  if (/[?#@]/.test(text)) return "must hold a host and a path only; remove what follows ? or #, and USER@";
  const [, authority = "", path = ""] = /^([^/]*)(.*)$/.exec(text) ?? [];
  const parsed = URL.parse(`https://${authority}`);
  if (text.includes("://") || /^https?:?$/i.test(authority)) return "holds a scheme twice; write https:// once";
  if (!parsed || parsed.port === "0")
    return "has no host, or a port that is not from 1 to 65535; write HOST or HOST:PORT";
  if (parsed.host !== authority.toLowerCase().replace(/:443$/, "")) return `must write its host as ${parsed.host}`;
  if (!segments.test(path)) return "has a path with an empty part, or with other letters than A-Z a-z 0-9 . _ ~ -";
  if (/\/\.\.?(\/|$)/.test(path)) return "has a path with . or .. in it; write the path that is meant";
  return undefined;
};

const withoutSlashes = (text: string): string => text.replace(/\/+$/, "");

/**
 * Reads the URL that an API server calls: `https://HOST[:PORT][/STAGE]/clusters/CLUSTER[/KEY]`, without the endpoint. Only
 * `npm start` on this machine answers a path without a cluster.
 *
 * @param option the option that holds it, for the sentence of an error
 * @throws UsageError that does not repeat the URL: it may hold a key
 */
export function guardUrl(option: string, text: string): string {
  const refuse = (why: string): never => {
    throw new UsageError(`${option} ${why}`);
  };
  const rest = /^https:\/\/(.*)$/is.exec(text)?.[1];
  if (rest === undefined) return refuse("must start with https:// and hold a host and a path only");
  const bare = withoutSlashes(rest);
  const fault = faultOf(bare);
  if (fault) return refuse(fault);
  const { origin, hostname, pathname } = new URL(`https://${bare}`);
  if (/\/(mutate|validate)$/.test(pathname)) return refuse("must not end in /mutate or /validate; they are appended");
  if (/\/clusters\/[A-Za-z0-9._-]{1,63}(\/[^/]+)?$/.test(pathname)) return `${origin}${pathname}`;
  if (pathname === "/" && isLoopback(hostname)) return origin;
  return refuse(`must end in /clusters/CLUSTER/KEY, as ${calledAs("key")} CLUSTER prints it`);
}

/**
 * Reads where the function is reached: `HOST[:PORT][/STAGE]`.
 *
 * @throws UsageError that names the option
 */
export function hostOf(option: string, text: string): string {
  const [, scheme, rest = ""] = /^(https?:\/\/)?(.*)$/is.exec(text) ?? [];
  if (scheme)
    throw new UsageError(`${option} ${text} is a URL; give its host alone, as in ${option} ${withoutSlashes(rest)}`);
  const fault =
    faultOf(text) ?? (/\/(clusters|mutate|validate)(\/|$)/.test(text) ? "must end before /clusters" : undefined);
  if (fault) throw new UsageError(`${option} ${text} ${fault}`);
  return text;
}
