import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { AwsCredentials } from "../../../functions/aws/own-credentials.ts";
import { freePorts } from "../../cluster/harness/free-ports.ts";
import { startGuarded } from "../../cluster/harness/guarded.ts";
import { python } from "./python.ts";

export const region = "eu-west-1";
export const account = "123456789012";

/** A policy statement: the allowed actions and their resources. */
export type Statement = Readonly<Record<string, unknown>>;

/** moto, which plays AWS: it checks the signatures (with botocore) and the policies of every caller except `root`. */
export interface Moto {
  readonly url: string;
  /** One action of a JSON 1.1 service, such as `AmazonSSM.PutParameter`. */
  readonly json: (service: string, target: string, input: object) => Promise<unknown>;
  /** Creates a role with these statements, which every principal may assume, or only one ARN. Returns the role's ARN. */
  readonly role: (name: string, statements: readonly Statement[], trusted?: string) => Promise<string>;
  /** Credentials of a session of a role. */
  readonly session: (role: string, name?: string) => Promise<AwsCredentials>;
  readonly stop: () => Promise<void>;
}

const readyWithin = 120_000;

const policy = (statements: readonly Statement[]): string =>
  JSON.stringify({ Version: "2012-10-17", Statement: statements.map((each) => ({ Effect: "Allow", ...each })) });

const waitFor = async (url: string, hasExited: () => boolean): Promise<void> => {
  for (const until = Date.now() + readyWithin; Date.now() < until; await sleep(50)) {
    if (hasExited()) throw new Error("moto has ended");
    const response = await fetch(url).catch(() => undefined);
    if (response?.ok) return;
  }
  throw new Error(`moto was not ready in ${readyWithin} ms`);
};

/** @param checks whether signatures and policies count */
export const startMoto = async ({ checks = true } = {}): Promise<Moto> => {
  const [port] = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  const folder = mkdtempSync(join(tmpdir(), "moto-"));
  const server = startGuarded(folder, "moto", python("moto_server"), ["-H", "127.0.0.1", "-p", String(port)]);
  try {
    await waitFor(`${url}/moto-api/data.json`, server.hasExited);
  } catch (error) {
    await server.stop();
    throw new Error(`${error}\n${server.tail()}`);
  }

  /** The number of requests that moto does not check: all while `root` prepares a test, none while the test runs. */
  const unchecked = (requests: number): Promise<Response> =>
    fetch(`${url}/moto-api/reset-auth`, { method: "POST", body: String(requests) });

  const asRoot = async (service: string, headers: Readonly<Record<string, string>>, body: string): Promise<string> => {
    await unchecked(Number.MAX_SAFE_INTEGER);
    const authorization = `AWS4-HMAC-SHA256 Credential=root/20260101/${region}/${service}/aws4_request, SignedHeaders=host, Signature=0`;
    const response = await fetch(url, { method: "POST", headers: { ...headers, authorization }, body });
    const text = await response.text();
    if (checks) await unchecked(0);
    if (!response.ok) throw new Error(`${response.status} ${text}`);
    return text;
  };

  const query = (service: string, input: Readonly<Record<string, string>>): Promise<string> =>
    asRoot(service, { "content-type": "application/x-www-form-urlencoded" }, new URLSearchParams(input).toString());

  return {
    url,
    json: async (service, target, input) => {
      const headers = { "content-type": "application/x-amz-json-1.1", "x-amz-target": target };
      return JSON.parse((await asRoot(service, headers, JSON.stringify(input))) || "{}");
    },
    role: async (name, statements, trusted = "*") => {
      const trust = policy([{ Principal: { AWS: trusted }, Action: "sts:AssumeRole" }]);
      const version = { Version: "2010-05-08", RoleName: name };
      await query("iam", { ...version, Action: "CreateRole", AssumeRolePolicyDocument: trust });
      if (statements.length > 0)
        await query("iam", {
          ...version,
          Action: "PutRolePolicy",
          PolicyName: "all",
          PolicyDocument: policy(statements),
        });
      return `arn:aws:iam::${account}:role/${name}`;
    },
    session: async (role, name = "function") => {
      const text = await query("sts", {
        Action: "AssumeRole",
        Version: "2011-06-15",
        RoleArn: role,
        RoleSessionName: name,
      });
      const member = (tag: string): string => new RegExp(`<${tag}>([^<]+)<`).exec(text)?.[1] ?? "";
      return {
        accessKeyId: member("AccessKeyId"),
        secretAccessKey: member("SecretAccessKey"),
        sessionToken: member("SessionToken"),
      };
    },
    stop: server.stop,
  };
};
