import { request } from "node:https";
import { startTinyWebhook } from "./tiny-webhook.ts";

/** One call of the API server to the webhook. */
export interface Call {
  readonly endpoint: string;
  // biome-ignore lint/suspicious/noExplicitAny: an AdmissionReview's request
  readonly request: any;
}

/** Forwards a request to another HTTPS server and returns the text of its answer. */
const forward = (url: string, ca: string, body: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      { method: "POST", ca, headers: { "content-type": "application/json" } },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
        });
        response.on("error", reject).on("end", () => resolve(text));
      },
    );
    outgoing.on("error", reject).end(body);
  });

/** A server in front of the webhook that records the calls. */
export const countCalls = async (url: string, ca: string) => {
  const calls: Call[] = [];
  const front = await startTinyWebhook((path, body) => {
    const { request } = JSON.parse(body);
    calls.push({ endpoint: path.replace(/^\//, "").replace(/\?.*$/, ""), request });
    return forward(`${url}${path}`, ca, body);
  });
  return { ...front, calls };
};
