import { isIP } from "node:net";
import { hostOf } from "./guard-url.ts";
import { UsageError } from "./usage.ts";

/** The port of an option, 0 to 65535. */
export function portOf(option: string, text: string): number {
  const port = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65535)) throw new UsageError(`${option} ${text} is not a port`);
  return port;
}

/** Refuses a `--host` that cannot be part of a URL and of a certificate, or by which a client cannot connect. */
export function checkHost(host: string): void {
  const version = isIP(host);
  const text = hostOf("--host", version === 6 ? `[${host}]` : host);
  if (version === 0 && /[/:]/.test(text))
    throw new UsageError(`--host ${host} is not a name or an address; a port is given with --port`);
  if (/^(0\.0\.0\.0|\[::\])$/.test(text))
    throw new UsageError(
      `--host ${host} is every address of this machine, and none that a client can call; give the one that it calls, such as --host 172.17.0.1`,
    );
}

/** The files of `--tls-cert` and `--tls-key`; undefined without both. */
export function tlsFilesOf(values: {
  readonly "tls-cert": string | undefined;
  readonly "tls-key": string | undefined;
}) {
  const { "tls-cert": certFile, "tls-key": keyFile } = values;
  if ((certFile === undefined) !== (keyFile === undefined))
    throw new UsageError("--tls-cert and --tls-key go together");
  return certFile && keyFile ? { certFile, keyFile } : undefined;
}
