import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTHeaderParameters, SignJWT } from "jose";
import { throwAwayCertificates } from "../../infra/local/certificates.ts";

/** A key pair of an issuer. */
export interface SigningKey {
  readonly alg: string;
  readonly kid: string | undefined;
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

/** What an issuer answers instead of its documents. */
export type IssuerFault =
  | { readonly status: number; readonly text?: string }
  | { readonly location: string }
  | { readonly silent: true }
  | { readonly document: object };

/** An issuer of tokens that signs whatever a test asks for. */
export interface OidcIssuer {
  readonly url: string;
  readonly ca: string;
  /** The paths that were asked for. */
  readonly asked: string[];
  /** Its public keys from now on. */
  keys: readonly SigningKey[];
  /** What it answers from now on, by path. */
  readonly faults: Map<string, IssuerFault>;
  readonly sign: (claims: object, key?: SigningKey, header?: Partial<JWTHeaderParameters>) => Promise<string>;
  readonly close: () => Promise<void>;
}

export const discoveryPath = "/.well-known/openid-configuration";
export const keysPath = "/keys";

export const newSigningKey = async (alg: string, kid?: string): Promise<SigningKey> => {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), alg, use: "sig", ...(kid !== undefined && { kid }) };
  return { alg, kid, privateKey, jwk };
};

export const startOidcIssuer = async (...keys: readonly SigningKey[]): Promise<OidcIssuer> => {
  const { ca, cert, key } = await throwAwayCertificates({ hosts: ["localhost"] });
  const server = createServer({ cert, key });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `https://localhost:${(server.address() as AddressInfo).port}`;
  const issuer: OidcIssuer = {
    url,
    ca,
    asked: [],
    keys,
    faults: new Map(),
    sign: (claims, signing = issuer.keys[0], header = {}) => {
      if (signing === undefined) throw new Error("the issuer has no key");
      const { alg, kid, privateKey } = signing;
      return new SignJWT({ iss: url, ...claims })
        .setProtectedHeader({ alg, ...(kid !== undefined && { kid }), ...header })
        .sign(privateKey);
    },
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
  server.on("request", ({ url: path = "" }, response) => {
    issuer.asked.push(path);
    const fault = issuer.faults.get(path);
    if (fault && "silent" in fault) return;
    if (fault && "location" in fault) response.writeHead(302, { location: fault.location }).end();
    else if (fault && "status" in fault) response.writeHead(fault.status).end(fault.text ?? "{}");
    else {
      const usual =
        path === discoveryPath
          ? {
              issuer: url,
              jwks_uri: `${url}${keysPath}`,
              authorization_endpoint: `${url}/auth`,
              response_types_supported: ["id_token"],
              subject_types_supported: ["public"],
              id_token_signing_alg_values_supported: ["RS256"],
            }
          : { keys: issuer.keys.map(({ jwk }) => jwk) };
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify(fault?.document ?? usual));
    }
  });
  return issuer;
};
