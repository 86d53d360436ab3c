import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { createServer, request } from "node:https";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair } from "jose";
import Provider from "oidc-provider";
import { throwAwayCertificates } from "../../../infra/local/certificates.ts";

/** An OpenID provider at which people log in with their names. */
export interface RunningProvider {
  readonly url: string;
  readonly ca: string;
  /** Logs a person in, as a browser and kubelogin do together, and returns the ID token. */
  readonly logIn: (person: string) => Promise<string>;
  /** Follows the login from a URL of the provider to the URL outside that it ends at. */
  readonly follow: (url: string, person: string) => Promise<URL>;
  /** Forgets its keys, and signs with another one. */
  readonly rotate: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface ProviderOptions {
  readonly alg: "RS256" | "ES256" | "PS256";
  /** The groups of each person. */
  readonly groups: Readonly<Record<string, readonly string[]>>;
}

export const clientId = "kubernetes";
const redirectUri = "http://localhost:8000";

export const startProvider = async ({ alg, groups }: ProviderOptions): Promise<RunningProvider> => {
  const { ca, cert, key } = await throwAwayCertificates({ hosts: ["localhost"] });
  const server = createServer({ cert, key });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `https://localhost:${(server.address() as AddressInfo).port}`;

  const newProvider = async () => {
    const { privateKey } = await generateKeyPair(alg, { extractable: true });
    const kid = randomBytes(8).toString("hex");
    return new Provider(url, {
      jwks: { keys: [{ ...(await exportJWK(privateKey)), kid, alg, use: "sig" }] } as never,
      cookies: { keys: [randomBytes(16).toString("hex")] },
      scopes: ["openid", "groups"],
      claims: { openid: ["sub"], groups: ["groups"] },
      conformIdTokenClaims: false,
      ttl: { AccessToken: 600, AuthorizationCode: 60, IdToken: 600, Interaction: 600, Session: 600, Grant: 600 },
      findAccount: (_context, sub) => ({ accountId: sub, claims: () => ({ sub, groups: [...(groups[sub] ?? [])] }) }),
      clients: [
        {
          client_id: clientId,
          token_endpoint_auth_method: "none",
          application_type: "native",
          redirect_uris: [redirectUri],
          id_token_signed_response_alg: alg,
        },
      ],
    });
  };
  let handle = (await newProvider()).callback();
  server.on("request", (asked, response) => void handle(asked, response));

  const ask = (method: string, at: string, headers: Record<string, string>, body = "") =>
    new Promise<{ readonly response: IncomingMessage; readonly text: string }>((resolve, reject) => {
      const sent = request(at, { method, ca, headers }, async (response) => {
        let text = "";
        for await (const chunk of response.setEncoding("utf8")) text += chunk;
        resolve({ response, text });
      });
      sent.on("error", reject).end(body);
    });
  const form = (fields: Record<string, string>) => ({
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams(fields).toString(),
  });

  const follow = async (start: string, person: string): Promise<URL> => {
    const cookies = new Map<string, string>();
    let at = new URL(start);
    let page = "";
    for (let steps = 0; steps < 12; steps += 1) {
      if (at.origin !== url) return at;
      const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1];
      const { headers, body } = prompt ? form({ prompt, login: person, password: "any" }) : { headers: {}, body: "" };
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
      const answer = await ask(prompt ? "POST" : "GET", at.href, { ...headers, cookie }, body);
      for (const line of answer.response.headers["set-cookie"] ?? []) {
        const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        cookies.set(name, value);
      }
      const { location } = answer.response.headers;
      page = location === undefined ? answer.text : "";
      if (location !== undefined) at = new URL(location, at);
      else if (!page.includes('name="prompt"')) throw new Error(`the login stopped at ${at.pathname}: ${page}`);
    }
    throw new Error("the login does not end");
  };

  return {
    url,
    ca,
    follow,
    logIn: async (person) => {
      const verifier = randomBytes(32).toString("base64url");
      const query = new URLSearchParams({
        client_id: clientId,
        response_type: "code",
        scope: "openid groups",
        redirect_uri: redirectUri,
        code_challenge: createHash("sha256").update(verifier).digest("base64url"),
        code_challenge_method: "S256",
      });
      const end = await follow(`${url}/auth?${query}`, person);
      const { headers, body } = form({
        grant_type: "authorization_code",
        code: end.searchParams.get("code") ?? "",
        client_id: clientId,
        redirect_uri: redirectUri,
        code_verifier: verifier,
      });
      const { text } = await ask("POST", `${url}/token`, headers, body);
      const { id_token: token } = JSON.parse(text);
      if (typeof token !== "string") throw new Error(`the provider gave no ID token: ${text}`);
      return token;
    },
    rotate: async () => {
      handle = (await newProvider()).callback();
    },
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
};
