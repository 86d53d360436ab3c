import { writeReview } from "../../../lib/index.ts";
import type { AuditEvent } from "../../cluster/harness/audit-log.ts";
import { until } from "../../cluster/world/until.ts";
import type { ApiCall } from "./client.ts";
import type { AnswerGround } from "./ground.ts";
import { registrations, webhookName } from "./registrations.ts";
import type { Met, Row } from "./row.ts";
import { answerTo, type Writer } from "./write.ts";

const apiVersion = "deploy.razee.io/v1alpha2";
const plurals = { MustacheTemplate: "mustachetemplates", FeatureFlagSetLD: "featureflagsetsld" } as const;
const named = { clusterAuth: { impersonateUser: "carl" } };

let objects = 0;

/** The call that makes the API server ask, and what must be there before it. */
const callsOf = ({ registration, request = {} }: Row, name: string): { before?: ApiCall; call: ApiCall } => {
  const { who = "bob", extra, operation = "CREATE", kind = "MustacheTemplate", spec = named, query = "" } = request;
  const { change = {}, labels } = request;
  const collection = `/apis/${apiVersion}/namespaces/${registration}/${plurals[kind]}`;
  const metadata = { name, ...(labels ? { labels } : {}) };
  const caller = { who, ...(extra ? { extra } : {}) };
  const create = { method: "POST", path: `${collection}${query}`, body: { apiVersion, kind, metadata, spec } } as const;
  if (operation === "CREATE") return { call: { ...create, ...caller } };
  const before = { ...create, path: collection, who: "admin", body: { ...create.body, metadata: { name } } };
  const path = `${collection}/${name}${query}`;
  return operation === "DELETE"
    ? { before, call: { method: "DELETE", path, ...caller } }
    : { before, call: { method: "PATCH", path, body: { metadata, ...(change as object) }, ...caller } };
};

/** What the audit log holds of the webhook, and of what the API server made of it. */
const recordOf = ({ annotations = {} }: AuditEvent): Pick<Met, "annotations" | "mutated" | "failedOpen"> => {
  const under = (prefix: string) =>
    Object.entries(annotations).flatMap(([key, value]) =>
      key.startsWith(prefix) ? [[key.slice(prefix.length), value] as const] : [],
    );
  const [mutation] = under("mutation.webhook.admission.k8s.io/round_0_");
  const open = ["mutation", "validating"].flatMap((kind) => under(`failed-open.${kind}.webhook.admission.k8s.io/`));
  return {
    annotations: Object.fromEntries(under(`${webhookName}/`)),
    ...(mutation ? { mutated: JSON.parse(mutation[1]).mutated } : {}),
    failedOpen: open.some(([, webhook]) => webhook === webhookName),
  };
};

/** Lets the API server ask, gives it the row's answer, and says what became of the write. */
export const meet = async (row: Row, ground: AnswerGround, write: Writer = writeReview): Promise<Met> => {
  const { altered = (same) => same, reply = (body) => ({ body }) } = row;
  const name = `row-${objects++}`;
  const { before, call } = callsOf(row, name);
  if (before) {
    const { code, body } = await ground.client(before);
    if (code !== 201) throw new Error(`${row.name}: ${JSON.stringify(body)}`);
  }
  const uids: string[] = [];
  ground.answering.set(name, (_path, text) => {
    uids.push(JSON.parse(text).request.uid);
    return reply(JSON.stringify(altered(answerTo(row, text, write))));
  });
  try {
    const mark = ground.plane.auditMark();
    const { code, body, warnings, auditId } = await ground.client(call);
    const event = await until(`the audit log tells of ${row.name}`, async () =>
      ground.plane.auditEvents(mark).find(({ auditID }) => auditID === auditId),
    );
    const { timeoutSeconds } = registrations[row.registration];
    const url = `${ground.url}/${row.registration}?timeout=${timeoutSeconds}s`;
    const placed = (text: string): string =>
      [...uids.map((uid) => [uid, "{uid}"] as const), [url, "{url}"] as const, [name, "{name}"] as const]
        .reduce((rest, [found, placeholder]) => rest.replaceAll(found, placeholder), text)
        // The place in the API server's source, which is another one in other builds.
        .replaceAll(/in scheme \\?"[^"]*"/g, "in scheme {scheme}");
    const { message, reason, details } = body;
    const { labels } = body.metadata ?? {};
    const { impersonateUser } = body.spec?.clusterAuth ?? {};
    return {
      code,
      ...(impersonateUser === undefined ? {} : { identity: impersonateUser }),
      ...(labels === undefined ? {} : { labels }),
      ...(code < 400 ? {} : { status: JSON.parse(placed(JSON.stringify({ message, reason, details }))) }),
      warnings,
      ...recordOf(event),
      calls: uids.length,
    };
  } finally {
    ground.answering.delete(name);
  }
};
