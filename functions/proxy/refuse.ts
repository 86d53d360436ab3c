import type { StatusObject } from "../../lib/meta/status.ts";
import type { ClientReply } from "./client-reply.ts";

/** Answers with a `metav1.Status`. Returns the bytes of the body. */
export function refuse(reply: ClientReply, refusal: StatusObject): number {
  const body = Buffer.from(`${JSON.stringify(refusal)}\n`);
  const { code } = refusal;
  reply.respond(code, [
    ...["cache-control", "no-cache, private", "content-type", "application/json"],
    ...["content-length", String(body.length), "x-content-type-options", "nosniff"],
    ...(code === 429 ? ["retry-after", "1"] : []),
  ]);
  reply.body.end(body);
  return body.length;
}
