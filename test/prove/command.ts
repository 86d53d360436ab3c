import { randomInt } from "node:crypto";
import { readArguments, run, UsageError } from "../../infra/usage.ts";
import { yamlText } from "../../infra/yaml-text.ts";
import { pageOf } from "./authorization/figures.ts";
import { type Counterexample, prove } from "./authorization/prove.ts";
import { startGround } from "./worlds/ground.ts";

const help = `Compares the rule and lib/rbac with a real kube-apiserver, in random RBAC worlds.

usage: npm run prove -- [options]

  --pairs N           pairs of a requester and a declared identity (10000)
  --questions N       questions to the authorizer (as many)
  --worlds N          over which they are spread (one for each 200)
  --seed N            of everything that is random (any; it is printed)
  --version VERSION   of Kubernetes, such as v1.35.4 (the one that the cluster suite runs on)
  --webhook-every N   one pair in N goes through the whole webhook too (20), 0: none
  -o text|json        (text)

Exit status: 0 they agree, 1 they do not: the smallest world in which they differ is printed, 2 a wrong argument.`;

const numberOf = (name: string, text: string, least = 0): number => {
  if (!/^\d{1,9}$/.test(text) || Number(text) < least)
    throw new UsageError(`--${name} ${text} is not a number from ${least} on`);
  return Number(text);
};

const described = ({ sort, manifests, asked, disagreement }: Counterexample): string =>
  [`# ${sort}: ${disagreement}`, yamlText([asked]).trimEnd(), "---", yamlText(manifests)].join("\n");

const command = async (): Promise<void> => {
  const { values } = readArguments(
    {
      pairs: { type: "string", default: "10000" },
      questions: { type: "string" },
      worlds: { type: "string" },
      seed: { type: "string", default: String(randomInt(1_000_000_000)) },
      version: { type: "string" },
      "webhook-every": { type: "string", default: "20" },
      output: { type: "string", short: "o", default: "text" },
    },
    help,
  );
  const { output, version } = values;
  if (output !== "text" && output !== "json") throw new UsageError(`-o ${output} is not text or json`);
  const pairs = numberOf("pairs", values.pairs);
  const questions = numberOf("questions", values.questions ?? values.pairs);
  const worlds = numberOf(
    "worlds",
    values.worlds ?? String(Math.max(1, Math.ceil(Math.max(pairs, questions) / 200))),
    1,
  );
  const seed = numberOf("seed", values.seed);
  const webhookEvery = numberOf("webhook-every", values["webhook-every"]);

  console.error(`seed ${seed}; starting a control plane`);
  const ground = await startGround({ version, webhook: webhookEvery > 0 });
  try {
    const progress = (world: number, disagreed: number): void => {
      if (world % Math.ceil(worlds / 20) === 0 || world === worlds)
        console.error(`${world} of ${worlds} worlds, ${disagreed} disagreements`);
    };
    const { figures, counterexamples } = await prove({
      ground,
      seed,
      pairs,
      questions,
      worlds,
      webhookEvery,
      progress,
    });
    if (output === "json") console.log(JSON.stringify({ ...figures, counterexamples }, null, 2));
    else console.log([pageOf(figures), ...counterexamples.map(described)].join("\n\n"));
    process.exitCode = counterexamples.length > 0 ? 1 : 0;
  } finally {
    await ground.stop();
  }
};

await run(command);
