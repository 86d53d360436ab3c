import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { AwsCredentials } from "../../../functions/aws/own-credentials.ts";
import { freePorts } from "../../cluster/harness/free-ports.ts";
import { type Guarded, startGuarded } from "../../cluster/harness/guarded.ts";
import { authenticator, environmentOf, type Surroundings } from "./authenticator.ts";

const account = "123456789012";

/** The credentials that Lambda gives a function with this role. */
export const sessionOf = (role: string): AwsCredentials => ({
  accessKeyId: `ASIA${role.toUpperCase()}`,
  secretAccessKey: `secret of ${role}`,
  sessionToken: `session/of+${role}=`,
});

/** The same credentials, as STS knows them. */
export const identityOf = (role: string) => ({
  credentials: sessionOf(role),
  arn: `arn:aws:sts::${account}:assumed-role/${role}/admission`,
});

/** The user of a kubeconfig, as `aws eks update-kubeconfig` writes it. */
export const eksUser = (cluster: string) => ({
  exec: {
    apiVersion: "client.authentication.k8s.io/v1beta1",
    command: "aws",
    args: ["--region", "eu-west-1", "eks", "get-token", "--cluster-name", cluster, "--output", "json"],
  },
});

export interface TokenWebhook extends Guarded {
  /** The kubeconfig that it wrote for `--authentication-token-webhook-config-file`. */
  readonly kubeconfig: string;
}

/** aws-iam-authenticator as an API server's token webhook, for the cluster `prod`; each role is the user of its name. */
export const startTokenWebhook = async (sts: Surroundings, roles: readonly string[]): Promise<TokenWebhook> => {
  const folder = mkdtempSync(join(tmpdir(), "token-webhook-"));
  const at = (name: string): string => join(folder, name);
  const [port] = await freePorts(1);
  mkdirSync(at("state"));
  const mapRoles = roles.map((role) => ({
    roleARN: `arn:aws:iam::${account}:role/${role}`,
    username: role,
    groups: [],
  }));
  const server = { port, mapRoles, stateDir: at("state"), generateKubeconfig: at("kubeconfig") };
  writeFileSync(at("config.json"), JSON.stringify({ clusterID: "prod", server }));
  const variables = Object.entries(environmentOf(sts)).map(([name, value]) => `${name}=${value}`);
  const command = [...variables, authenticator, "server", "--config", at("config.json")];
  const process = startGuarded(folder, "aws-iam-authenticator", "env", command);
  for (let tries = 600; tries > 0; tries -= 1) {
    if (process.tail().includes("listening on")) return { ...process, kubeconfig: at("kubeconfig") };
    await sleep(100);
  }
  throw new Error(process.tail());
};
