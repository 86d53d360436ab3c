import { randomInt } from "node:crypto";
import { readArguments, run, UsageError } from "../../infra/command-line/usage.ts";
import { yamlText } from "../../infra/command-line/yaml-text.ts";
import { everyVersion, oldestSupported } from "../cluster/harness/binaries.ts";
import { proveAnswers } from "./answers/prove.ts";
import { prove } from "./authorization/prove.ts";
import { fuzz } from "./fuzz/run.ts";
import { startKindsGround } from "./kinds/ground.ts";
import { kindsPolicy, presetsPolicy } from "./kinds/policies.ts";
import { proveKinds } from "./kinds/prove.ts";
import { pageOf, type VersionFigures } from "./page.ts";
import { requestsInWorld, startProxyGround } from "./proxy/ground.ts";
import { proveNested, proveThrough } from "./proxy/prove.ts";
import { fuzzProxy } from "./proxy-fuzz/run.ts";
import { startRequestInfoGround } from "./request-info/ground.ts";
import { proveRequestInfo } from "./request-info/prove.ts";
import { startTwinsGround } from "./twins/ground.ts";
import { proveTwins } from "./twins/prove.ts";
import { startGround } from "./worlds/ground.ts";

const parts = [
  ...["authorization", "twins", "kinds", "answers", "fuzz"],
  ...["request-info", "nested", "through", "proxy-fuzz"],
] as const;

const help = `Proves what is claimed, on real kube-apiservers, and prints one page of figures.

usage: npm run prove -- [options]

  --only PART         one of these; may be given again (all)
      authorization   may one become another: the API server's impersonation and the rule, its SubjectAccessReview and lib/rbac
      twins           random writes, guarded by the function, by the in-tree policies, by both
      kinds           random writes of every kind of field and of every preset, by the rule and by the in-tree policies
      answers         what the API server makes of an answer: of ours, and of ours altered
      fuzz            random and hostile reviews, with no API server
      request-info    what a request line says: the API server's audit events and questions, and lib/proxy
      nested          random impersonation headers: the API server itself, and lib/proxy in front of it
      through         random callers and requests: the API server itself, and the proxy that is served
      proxy-fuzz      random and hostile requests, with no API server
  --version VERSION   of Kubernetes; may be given again (${everyVersion.join(", ")}). The oldest that is
                      supported, ${oldestSupported}, is built and proven only where it is given
  --pairs N           pairs, questions, writes and requests, each (10000)
  --reviews N         of the fuzz, and requests of proxy-fuzz (1000000)
  --seed N            of everything that is random (any; it is printed)
  -o text|json        (text)

Exit status: 0 nothing was found, 1 something was: the smallest world in which it was found is printed, 2 a wrong argument.`;

const numberOf = (name: string, text: string, least = 0): number => {
  if (!/^\d{1,9}$/.test(text) || Number(text) < least)
    throw new UsageError(`--${name} ${text} is not a number from ${least} on`);
  return Number(text);
};

interface Found {
  readonly manifests: readonly object[];
  readonly asked: object;
  readonly disagreement: string;
}

const described = (what: string, { manifests, asked, disagreement }: Found): string =>
  [`# ${what}: ${disagreement}`, yamlText([asked]).trimEnd(), "---", yamlText(manifests)].join("\n");

const say = (text: string): void => console.error(text);

/** Says how far it is, some twenty times. */
const progressOf = (what: string, all: number): ((done: number, wrong: number) => void) => {
  let said = 0;
  return (done, wrong) => {
    if (done < all && done - said < all / 20) return;
    said = done;
    say(`${what}: ${done} of ${all}, ${wrong} wrong`);
  };
};

const command = async (): Promise<void> => {
  const { values } = readArguments(
    {
      only: { type: "string", multiple: true, default: [...parts] },
      version: { type: "string", multiple: true, default: [...everyVersion] },
      pairs: { type: "string", default: "10000" },
      reviews: { type: "string", default: "1000000" },
      seed: { type: "string", default: String(randomInt(1_000_000_000)) },
      output: { type: "string", short: "o", default: "text" },
    },
    help,
  );
  const { only, output } = values;
  const unknown = only.find((name) => !parts.some((part) => part === name));
  if (unknown !== undefined) throw new UsageError(`--only ${unknown} is not one of ${parts.join(", ")}`);
  if (output !== "text" && output !== "json") throw new UsageError(`-o ${output} is not text or json`);
  const pairs = numberOf("pairs", values.pairs, 1);
  const reviews = numberOf("reviews", values.reviews, 1);
  const seed = numberOf("seed", values.seed);
  const worlds = Math.ceil(pairs / 200);
  const since = Date.now();
  const found: string[] = [];
  say(`seed ${seed}`);

  const authorizationOn = async (version: string): Promise<VersionFigures> => {
    const ground = await startGround({ version, webhook: true });
    try {
      const options = { ground, seed, pairs, questions: pairs, worlds, webhookEvery: 20 };
      const progress = progressOf(`${version}, worlds of pairs and questions`, worlds);
      const { figures, counterexamples } = await prove({ ...options, progress });
      found.push(...counterexamples.map((each) => described(`${version}, ${each.sort}`, each)));
      return { authorization: figures };
    } finally {
      await ground.stop();
    }
  };
  const twinsOn = async (version: string): Promise<VersionFigures> => {
    const ground = await startTwinsGround({ version });
    try {
      const progress = progressOf(`${version}, worlds of writes`, worlds);
      const { figures, counterexamples } = await proveTwins({ ground, seed, objects: pairs, worlds, progress });
      found.push(...counterexamples.map((each) => described(`${version}, write`, each)));
      return { twins: figures };
    } finally {
      await ground.stop();
    }
  };
  const kindsOn = async (version: string): Promise<VersionFigures> => {
    const proven = async (policy: typeof kindsPolicy) => {
      const ground = await startKindsGround({ policy, version, seed });
      try {
        const progress = progressOf(`${version}, ${policy.name}, worlds of writes`, worlds);
        const { figures, counterexamples } = await proveKinds({ ground, seed, writes: pairs, worlds, progress });
        found.push(...counterexamples.map((each) => described(`${version}, ${policy.name}, write`, each)));
        return figures;
      } finally {
        await ground.stop();
      }
    };
    return { kinds: [await proven(kindsPolicy), await proven(presetsPolicy)] };
  };
  const answersOn = async (version: string): Promise<VersionFigures> => {
    say(`${version}, answers`);
    const { figures, failures } = await proveAnswers({ version });
    found.push(...failures.map(({ row, difference }) => `# ${version}, ${row}: ${difference}`));
    return { answers: figures };
  };

  const requestInfoOn = async (version: string): Promise<VersionFigures> => {
    const ground = await startRequestInfoGround(version);
    try {
      const progress = progressOf(`${version}, request lines`, pairs);
      const { figures, counterexamples } = await proveRequestInfo({ ground, seed, requests: pairs, progress });
      found.push(
        ...counterexamples.map((each) =>
          described(`${version}, request line ${each.index}`, { manifests: [], ...each }),
        ),
      );
      return { requestInfo: figures };
    } finally {
      await ground.stop();
    }
  };
  const proxyOn = async (version: string): Promise<VersionFigures> => {
    const ground = await startProxyGround({ version, worlds: Math.ceil(pairs / requestsInWorld) });
    const proven = async (part: "nested" | "through") => {
      if (!only.includes(part)) return {};
      const progress = progressOf(`${version}, requests of ${part}`, pairs);
      const prove = part === "nested" ? proveNested : proveThrough;
      const { figures, counterexamples } = await prove({ ground, seed, requests: pairs, progress });
      found.push(...counterexamples.map((each) => described(`${version}, ${part}, request ${each.index}`, each)));
      return { [part]: figures };
    };
    try {
      return { ...(await proven("nested")), ...(await proven("through")) };
    } finally {
      await ground.stop();
    }
  };

  const versions: Record<string, VersionFigures> = {};
  for (const version of values.version) {
    if (only.includes("answers")) versions[version] = { ...versions[version], ...(await answersOn(version)) };
    if (only.includes("authorization"))
      versions[version] = { ...versions[version], ...(await authorizationOn(version)) };
    if (only.includes("twins")) versions[version] = { ...versions[version], ...(await twinsOn(version)) };
    if (only.includes("kinds")) versions[version] = { ...versions[version], ...(await kindsOn(version)) };
    if (only.includes("request-info")) versions[version] = { ...versions[version], ...(await requestInfoOn(version)) };
    if (only.includes("nested") || only.includes("through"))
      versions[version] = { ...versions[version], ...(await proxyOn(version)) };
  }
  const fuzzed = only.includes("fuzz")
    ? await fuzz({ seed, reviews, progress: progressOf("reviews", reviews) })
    : undefined;
  const proxyFuzzed = only.includes("proxy-fuzz")
    ? fuzzProxy({ seed, requests: reviews, progress: progressOf("requests", reviews) })
    : undefined;
  found.push(...(fuzzed?.failures ?? []), ...(proxyFuzzed?.failures ?? []));

  const figures = {
    seed,
    seconds: Math.round((Date.now() - since) / 1000),
    versions,
    ...(fuzzed ? { fuzz: fuzzed.figures } : {}),
    ...(proxyFuzzed ? { proxyFuzz: proxyFuzzed.figures } : {}),
  };
  if (output === "json") console.log(JSON.stringify({ ...figures, found }, null, 2));
  else
    console.log(
      [
        pageOf(figures, { fuzz: fuzzed?.failures.length ?? 0, proxyFuzz: proxyFuzzed?.failures.length ?? 0 }),
        ...found,
      ].join("\n\n"),
    );
  process.exitCode = found.length > 0 ? 1 : 0;
};

await run(command);
