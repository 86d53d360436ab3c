import { Agent } from "node:https";
import { exchange, type HttpReply } from "../../functions/net/exchange.ts";
import { isObject } from "../../lib/meta/json.ts";
import { calledAs } from "../command-line/installation.ts";
import { type CheckResult, fail, ok, warn } from "./check-result.ts";
import { createDryRun, dryRunObject, dryRunSubjects, isJudged } from "./dry-run-trial.ts";
import { redactUrl } from "./redact.ts";
import { type Site, webhooksOf } from "./site.ts";

const times = 3;
/** Milliseconds above which users notice the delay. */
const slow = 1_000;

const median = (numbers: readonly number[]): number =>
  Math.round(numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0);

const timed = async <T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly milliseconds: number }> => {
  const started = performance.now();
  const result = await work();
  return { result, milliseconds: performance.now() - started };
};

/** Measures the creation of a guarded object, with both calls of the function. */
export async function checkRoundTrip(site: Site): Promise<readonly CheckResult[]> {
  const check = "round-trip";
  const subject = dryRunSubjects(site)[0];
  if (!subject || !site.ours.mutating) return [];
  const object = await dryRunObject(site, subject, "no name");
  const taken: number[] = [];
  for (let time = 0; time < times; time++) {
    const { result, milliseconds } = await timed(() => createDryRun(site, subject, object));
    if (!isJudged(site, result)) return [];
    taken.push(milliseconds);
  }
  const measured = `a create of ${subject.resource} takes ${median(taken)} ms (median of ${times} dry runs)`;
  return [
    median(taken) > slow
      ? warn(
          check,
          measured,
          "read the function's duration in its log, and check its region, its memory and the API server that it asks",
        )
      : ok(check, measured),
  ];
}

/** Checks that the function answers at its URL and knows the key in it, and measures the time from this machine. */
export async function checkFunction(site: Site): Promise<readonly CheckResult[]> {
  const { url } = site;
  if (url === undefined) return [];
  const check = "function";
  const agent = new Agent({ keepAlive: true });
  const ca = caOf(site);
  const call = (to: string, method: string, body: string): Promise<HttpReply> =>
    exchange(agent, {
      url: to,
      body,
      options: {
        method,
        ...(ca ? { ca } : {}),
        signal: AbortSignal.timeout(10_000),
        headers: { "content-type": "application/json" },
      },
    });
  const livez = `${url.replace(/\/clusters\/.*$/, "").replace(/\/+$/, "")}/livez`;
  try {
    const taken: number[] = [];
    for (let time = 0; time < times; time++) {
      const { result, milliseconds } = await timed(() => call(livez, "GET", ""));
      if (result.status !== 200)
        return [
          fail(
            check,
            `${livez} answers ${result.status}, not 200`,
            "check that --url is the address of the function, and read its log",
          ),
        ];
      taken.push(milliseconds);
    }
    // The body is not a review, so no object is judged: the function answers 400, and only to a caller with the right key.
    const { status } = await call(`${url}/validate`, "POST", "{}");
    if (status !== 400)
      return [
        fail(
          check,
          `${redactUrl(url)} answers ${status} to an empty review, but must answer 400: the function does not know this cluster or its key`,
          `compare the hash of the key with the one in the registry, check that the registry is deployed, or make a new key with ${calledAs("key")} CLUSTER`,
        ),
      ];
    const measured = `${redactUrl(url)} accepts the key and answers in ${median(taken)} ms from this machine (median of ${times})`;
    return [
      median(taken) > slow
        ? warn(
            check,
            measured,
            "read the function's duration in its log, and measure the network latency from this machine to the function",
          )
        : ok(check, measured),
    ];
  } catch (error) {
    return [unreachable(url, error)];
  } finally {
    agent.destroy();
  }
}

/** An address that this machine cannot reach is only a warning, because the API server may reach it. An untrusted certificate is a failure. */
const unreachable = (url: string, error: unknown): CheckResult => {
  const { code, name } = error as NodeJS.ErrnoException;
  const why = code ?? name;
  return /^(ECONN|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOST|ENET|TimeoutError|ABORT)/.test(String(why))
    ? warn(
        "function",
        `${redactUrl(url)} cannot be reached from this machine (${why})`,
        "run the doctor in the API server's network, or check that the function is deployed and that its host name resolves",
      )
    : fail(
        "function",
        `a trusted TLS connection to ${redactUrl(url)} failed (${why})`,
        "check that the caBundle of the webhook configurations signed the function's certificate, and that the certificate is valid for the host name",
      );
};

/** The PEM text of the CAs that the API server trusts. */
const caOf = ({ ours }: Site): Buffer | undefined => {
  const { clientConfig } = webhooksOf(ours.mutating)[0] ?? {};
  const { caBundle } = isObject(clientConfig) ? clientConfig : {};
  return typeof caBundle === "string" && caBundle !== "" ? Buffer.from(caBundle, "base64") : undefined;
};
