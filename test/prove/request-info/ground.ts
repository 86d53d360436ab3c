import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { UserInfo } from "../../../lib/identity/index.ts";
import { isObject } from "../../../lib/meta/json.ts";
import type { HeaderLine } from "../../../lib/proxy/index.ts";
import { startControlPlane } from "../../cluster/control-plane.ts";
import type { AuditEvent } from "../../cluster/harness/audit-log.ts";
import { startTinyWebhook } from "../../cluster/world/tiny-webhook.ts";
import { clientCertificate } from "../../support/client-certificate.ts";
import { openSender, type Sender } from "../proxy/sender.ts";
import { frontProxyFlags, frontProxyName } from "../worlds/front-proxy.ts";

/** An API server that tells of each request how it read it, and lets none of them do anything. */
export interface RequestInfoGround {
  /** Such as v1.37.2, in the API server's own words. */
  readonly version: string;
  readonly send: Sender["send"];
  /** The headers of a request of the user, under an id of its own. */
  readonly linesOf: (id: string) => readonly HeaderLine[];
  /** The user, as the API server knows it. */
  readonly userOf: (id: string) => UserInfo;
  /** The audit log's size in bytes now. */
  readonly auditMark: () => number;
  readonly auditEvents: (from: number) => readonly AuditEvent[];
  /** The SubjectAccessReview specs that the API server asked its webhook authorizer, by the ids of the requests. */
  readonly asked: ReadonlyMap<string, readonly object[]>;
  readonly stop: () => Promise<void>;
}

const name = "reader";
/** With the second group the user does not get system:authenticated, whose rights RBAC would know without a question. */
const groups = ["prove-readers", "system:unauthenticated"];

const auditPolicy = {
  apiVersion: "audit.k8s.io/v1",
  kind: "Policy",
  omitStages: ["RequestReceived"],
  rules: [{ level: "Metadata", userGroups: groups.slice(0, 1) }, { level: "None" }],
};

/** Starts an API server that trusts a front proxy, and that asks a webhook after RBAC. */
export const startRequestInfoGround = async (version?: string): Promise<RequestInfoGround> => {
  const folder = mkdtempSync(join(tmpdir(), "prove-request-info-"));
  const file = (fileName: string, content: string | object): string => {
    const path = join(folder, fileName);
    writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content), { mode: 0o600 });
    return path;
  };
  const asked = new Map<string, readonly object[]>();
  const authorizer = await startTinyWebhook((_, text) => {
    const { spec } = JSON.parse(text);
    const id = isObject(spec.extra) ? String((spec.extra["id"] as readonly string[] | undefined)?.[0]) : "";
    asked.set(id, [...(asked.get(id) ?? []), spec]);
    return JSON.stringify({
      apiVersion: "authorization.k8s.io/v1",
      kind: "SubjectAccessReview",
      status: { allowed: false },
    });
  });
  const authorizerConfig = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      {
        name: "c",
        cluster: {
          server: authorizer.url,
          "certificate-authority-data": Buffer.from(authorizer.ca).toString("base64"),
        },
      },
    ],
    users: [{ name: "u", user: {} }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
    "current-context": "x",
  };
  const { ca, cert, key } = await clientCertificate(frontProxyName);
  const plane = await startControlPlane({
    ...(version ? { version } : {}),
    flags: [
      ...frontProxyFlags(file("front-proxy-ca.pem", ca)),
      `--audit-policy-file=${file("audit-policy.json", auditPolicy)}`,
      // Behind RBAC, which is named already.
      "--authorization-mode=Webhook",
      "--authorization-webhook-version=v1",
      `--authorization-webhook-config-file=${file("authorizer.json", authorizerConfig)}`,
    ],
  }).catch(async (error: unknown) => {
    await authorizer.stop();
    throw error;
  });
  const sender = openSender(plane.connection.url, { ca: plane.connection.caPem, cert, key });
  const { body } = await plane.api(plane.user("admin"), { path: "/version" });
  return {
    version: body.gitVersion,
    send: sender.send,
    linesOf: (id) => [
      ["Audit-ID", id],
      ["Accept", "application/json"],
      ["X-Remote-User", name],
      ...groups.map((group) => ["X-Remote-Group", group] as const),
      ["X-Remote-Extra-Id", id],
    ],
    userOf: (id) => ({ username: name, groups, extra: { id: [id] } }),
    auditMark: plane.auditMark,
    auditEvents: plane.auditEvents,
    asked,
    stop: async () => {
      sender.close();
      await plane.stop();
      await authorizer.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
