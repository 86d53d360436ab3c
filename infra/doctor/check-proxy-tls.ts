import { connect, type PeerCertificate } from "node:tls";
import { type CheckResult, fail, ok, warn } from "./check-result.ts";
import type { ProxySite } from "./proxy-site.ts";

const check = "proxy-tls";
const day = 86_400_000;
const soon = 14 * day;
const patience = 10_000;

/** Checks the certificate of a proxy: who signed it, whose names it has, and when it ends. No credential is sent. */
export async function checkProxyTls({ url, ca }: ProxySite): Promise<readonly CheckResult[]> {
  const { hostname, port, host } = new URL(url);
  const name = hostname.replace(/^\[|\]$/g, "");
  const met = await meet(name, Number(port || 443), ca);
  if ("code" in met)
    return [
      fail(
        check,
        `${host} cannot be reached over TLS (${met.code})`,
        "check that the proxy runs, that --proxy is its URL, and that nothing on the way ends TLS",
      ),
    ];
  const { certificate, flaw } = met;
  const names = certificate.subjectaltname ?? "no names";
  const until = new Date(certificate.valid_to);
  const days = Math.floor((until.getTime() - Date.now()) / day);
  if (flaw !== undefined)
    return [fail(check, `the certificate of ${host} is not accepted: ${flaw}`, fixOf(flaw, names))];
  const ends = `ends on ${until.toISOString().slice(0, 10)}, in ${days} days`;
  return [
    until.getTime() - Date.now() < soon
      ? warn(check, `the certificate of ${host} ${ends}`, "renew it, and start the proxy with the new one")
      : ok(check, `the certificate of ${host} (${names}) ${ends}`),
  ];
}

const fixOf = (flaw: string, names: string): string => {
  if (flaw === "CERT_HAS_EXPIRED") return "renew it, and start the proxy with the new one";
  if (flaw === "ERR_TLS_CERT_ALTNAME_INVALID") return `use one of its names (${names}), or give it this one`;
  return "give the CA that signed it with --ca-bundle; if that is the one, another server may be answering";
};

type Met = { readonly certificate: PeerCertificate; readonly flaw: string | undefined } | { readonly code: string };

const meet = (host: string, port: number, ca: string | undefined): Promise<Met> =>
  new Promise((resolve) => {
    const servername = /^[\d.]+$|:/.test(host) ? {} : { servername: host };
    const trust = { rejectUnauthorized: false, ...(ca !== undefined && { ca }), ...servername };
    const socket = connect({ host, port, timeout: patience, ...trust }, () => {
      // Node sets a code here, which its types call an error.
      const flaw = socket.authorized ? undefined : codeOf(socket.authorizationError);
      resolve({ certificate: socket.getPeerCertificate(), flaw });
      socket.destroy();
    });
    socket.on("timeout", () => socket.destroy(Object.assign(new Error("late"), { code: "ETIMEDOUT" })));
    socket.on("error", (error) => resolve({ code: codeOf(error) }));
  });

const codeOf = (error: unknown): string =>
  typeof error === "string" ? error : error instanceof Error && "code" in error ? String(error.code) : "unknown error";
