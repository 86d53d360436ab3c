import { Agent, request } from "node:https";

export interface LoadOptions {
  readonly url: string;
  /** PEM. */
  readonly ca: string;
  /** Sent one after the other, repeatedly. */
  readonly calls: readonly Call[];
  readonly connections: number;
  readonly seconds: number;
  /** Goes on for longer where there are fewer answers. */
  readonly leastAnswers?: number;
}

export interface Call {
  readonly path: string;
  readonly body: string;
  /** The error of an answer; undefined where the answer is right. */
  readonly check: (status: number, body: string) => string | undefined;
}

export interface LoadResult {
  readonly answers: number;
  readonly seconds: number;
  /** Milliseconds of every answer. */
  readonly latencies: readonly number[];
  /** The errors, and how often each occurred. */
  readonly errors: Readonly<Record<string, number>>;
}

const post = (agent: Agent, url: string, { path, body }: Call): Promise<{ status: number; text: string }> =>
  new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const sent = request(`${url}${path}`, { agent, method: "POST", headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("error", reject).on("end", () => resolve({ status: response.statusCode ?? 0, text }));
    });
    sent.on("error", reject).end(body);
  });

/** Calls as fast as answers come, over kept connections, each with one call at a time. */
export const load = async ({
  url,
  ca,
  calls,
  connections,
  seconds,
  leastAnswers = 0,
}: LoadOptions): Promise<LoadResult> => {
  const agent = new Agent({ ca, keepAlive: true, maxSockets: connections });
  const latencies: number[] = [];
  const errors: Record<string, number> = {};
  const since = performance.now();
  const until = since + seconds * 1_000;
  let next = 0;
  const caller = async (): Promise<void> => {
    while (performance.now() < until || latencies.length < leastAnswers) {
      const call = calls[next++ % calls.length] as Call;
      const sent = performance.now();
      const wrong = await post(agent, url, call).then(
        ({ status, text }) => call.check(status, text),
        (error: NodeJS.ErrnoException) => error.code ?? String(error),
      );
      latencies.push(performance.now() - sent);
      if (wrong !== undefined) errors[wrong] = (errors[wrong] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: connections }, caller));
  agent.destroy();
  return { answers: latencies.length, seconds: (performance.now() - since) / 1_000, latencies, errors };
};
