import type { ControlPlane } from "../control-plane.ts";
import { until } from "./until.ts";
import type { InstalledWebhook } from "./webhook.ts";

/** The audit annotations of one request, by the webhook of the policy that wrote them. */
export interface Annotations {
  readonly mutate?: Readonly<Record<string, string>>;
  readonly validate?: Readonly<Record<string, string>>;
  readonly status?: Readonly<Record<string, string>>;
}

const under = (annotations: Readonly<Record<string, string>>, webhook: string) => {
  const own = Object.entries(annotations).filter(([key]) => key.startsWith(`${webhook}/`));
  return Object.fromEntries(own.map(([key, value]) => [key.slice(webhook.length + 1), value]));
};

/** The annotations of the write to this object since the audit log had this size. Waits, because the log is written with a delay. */
export const annotationsOf = async (
  plane: ControlPlane,
  webhook: InstalledWebhook,
  mark: number,
  name: string,
): Promise<Annotations> => {
  const event = await until(`the audit log tells of ${name}`, async () =>
    plane
      .auditEvents(mark)
      .find(
        ({ objectRef, requestObject }) =>
          objectRef?.apiGroup === "deploy.razee.io" && (objectRef.name ?? requestObject?.metadata?.name) === name,
      ),
  );
  const parts = Object.entries(webhook.names).map(
    ([part, full]) => [part, under(event.annotations ?? {}, full)] as const,
  );
  return Object.fromEntries(parts.filter(([, found]) => Object.keys(found).length > 0));
};
