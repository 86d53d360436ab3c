import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { serve } from "../../../infra/local/serve.ts";
import { askerRoles, type WebhookConfiguration, webhookConfigurations } from "../../../lib/manifests/index.ts";
import { readPolicy } from "../../../lib/policy/index.ts";
import type { ControlPlane } from "../control-plane.ts";
import { applied } from "./applied.ts";
import { type Call, countCalls } from "./count-calls.ts";
import { create, template } from "./objects.ts";
import { until } from "./until.ts";
import { webhookUser } from "./users.ts";

export interface InstallOptions {
  /** Members of the policy, besides the Razee preset. */
  readonly policy?: Readonly<Record<string, unknown>>;
  /** Members of the policy that the registration is made for, where it differs from the webhook's policy. */
  readonly registeredFor?: Readonly<Record<string, unknown>>;
  /** Labels of the namespaces that are guarded; `default` must have them, because the installer looks there. Default: all namespaces. */
  readonly namespaceLabels?: Readonly<Record<string, string>>;
  /** Whether a counting wrapper stands between the API server and the webhook. */
  readonly counting?: boolean;
}

export interface InstalledWebhook {
  /** Full names of the webhooks, as warnings, refusals and audit annotations carry them. */
  readonly names: { readonly mutate: string; readonly validate: string; readonly status: string };
  /** The calls of the API server so far; empty without the counting wrapper. */
  readonly calls: () => readonly Call[];
  /** Stops the webhook's server, its registration stays. */
  readonly stop: () => Promise<void>;
  /** Starts the server again on the same port, and registers its new CA. */
  readonly restart: () => Promise<void>;
  /** Stops the server and removes its registration. */
  readonly uninstall: () => Promise<void>;
}

const razeePolicy = { name: "razee", targets: [{ preset: "razee" }] };

const namesOf = ([mutating, validating]: readonly [
  WebhookConfiguration,
  WebhookConfiguration,
]): InstalledWebhook["names"] => {
  const [mutate, validate, status] = [mutating.webhooks[0], ...validating.webhooks];
  if (!mutate || !validate || !status) throw new Error("the preset makes three webhooks");
  return { mutate: mutate.name, validate: validate.name, status: status.name };
};

let probes = 0;

/** Whether the API server calls a webhook for a dry run that declares this identity, as the audit annotations show. */
const isCalled = async (plane: ControlPlane, webhook: string, declared: string): Promise<boolean> => {
  const name = `probe-${probes++}`;
  const mark = plane.auditMark();
  await create(plane, plane.user("stranger"), template("default", name, declared), "?dryRun=All");
  const event = await until("the probe stands in the audit log", async () =>
    plane.auditEvents(mark).find(({ requestObject }) => requestObject?.metadata?.name === name),
  );
  return Object.keys(event.annotations ?? {}).some((key) => key.startsWith(`${webhook}/`));
};

/** The number of webhooks that the API server calls. The probe of the validating one spares the mutating call, which could refuse it first. */
const activeWebhooks = async (
  plane: ControlPlane,
  { mutate, validate }: InstalledWebhook["names"],
): Promise<number> => {
  const active = [await isCalled(plane, mutate, "carl"), await isCalled(plane, validate, "stranger")];
  return active.filter(Boolean).length;
};

/**
 * Starts the webhook on the loopback interface and registers it with the unchanged manifests of the library. Resolves when the API server
 * calls it. Its questions go to the same API server, by an identity that may only create SubjectAccessReviews.
 */
export const installWebhook = async (plane: ControlPlane, options: InstallOptions = {}): Promise<InstalledWebhook> => {
  const policy = { ...razeePolicy, ...options.policy };
  const file = (name: string, text: string): string => {
    const path = join(plane.connection.folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const policyFile = file("policy.json", JSON.stringify(policy));
  const kubeconfig = file("webhook-kubeconfig.json", plane.kubeconfig(plane.user(webhookUser)));
  const start = async (port: number) => {
    const { url, ca = "", close } = await serve({ port, kubeconfig, policy: policyFile, log: () => {} });
    return { url, ca, close };
  };

  let server = await start(0);
  const front = options.counting ? await countCalls(server.url, server.ca) : undefined;
  const registeredFor = readPolicy(options.registeredFor ? { ...razeePolicy, ...options.registeredFor } : policy);
  const configurationsFor = ({ url, ca }: { readonly url: string; readonly ca: string }) =>
    webhookConfigurations({
      policy: registeredFor,
      client: { url },
      caBundle: Buffer.from(ca).toString("base64"),
      ...(options.namespaceLabels ? { namespaceLabels: options.namespaceLabels } : {}),
    });
  const configurations = configurationsFor(front ?? server);
  const names = namesOf(configurations);
  await applied(plane, [...askerRoles(webhookUser), ...configurations]);
  await until("the API server calls both webhooks", async () => (await activeWebhooks(plane, names)) === 2);
  return {
    names,
    calls: () => front?.calls ?? [],
    stop: () => server.close(),
    restart: async () => {
      server = await start(Number(new URL(server.url).port));
      await applied(plane, configurationsFor(front ?? server));
    },
    uninstall: async () => {
      const kinds = "mutatingwebhookconfiguration,validatingwebhookconfiguration";
      await plane.kubectl(plane.user("admin"), ["delete", kinds, configurations[0].metadata.name]);
      await until("the API server calls no webhook", async () => (await activeWebhooks(plane, names)) === 0);
      await Promise.all([server.close(), front?.stop()]);
    },
  };
};
