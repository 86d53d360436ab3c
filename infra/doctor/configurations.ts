import { isObject, type JsonObject } from "../../lib/meta/json.ts";
import { guardsInTree, isInTree } from "./admission-policies.ts";
import { judgeCaBundle } from "./ca-bundle.ts";
import { describeDifference, webhookDifferences } from "./difference.ts";
import { withoutKey } from "./redact.ts";
import { type CheckResult, fail, ok, warn } from "./result.ts";
import { applyCommand, replaceCommand, type Site, webhooksOf } from "./site.ts";

type Part = "mutating" | "validating";
const parts = ["mutating", "validating"] as const;

const titles: Readonly<Record<Part, string>> = {
  mutating: "MutatingWebhookConfiguration",
  validating: "ValidatingWebhookConfiguration",
};

const consequences: Readonly<Record<Part, string>> = {
  mutating: "so the field is never set, and what would be set is refused",
  validating: "so another webhook may overrule ours, and nothing refuses what comes of it",
};

/** Whether both configurations are there. Where admission policies guard alone, neither has to be. */
export async function checkInstalled(site: Site): Promise<readonly CheckResult[]> {
  const { ours, inTree } = site;
  if (!ours.mutating && !ours.validating && isInTree(inTree)) return [];
  return parts.map((part) => {
    const { name } = site.wanted[part === "mutating" ? 0 : 1].metadata;
    if (ours[part]) return ok(part, `the ${titles[part]} ${name} is there`);
    const missing = `there is no ${titles[part]} ${name}`;
    return guardsInTree(inTree)
      ? warn(part, `${missing}; the admission policies guard without it`, applyCommand(site))
      : fail(part, `${missing}, ${consequences[part]}`, applyCommand(site));
  });
}

/** Whether each configuration is what the policy asks for. */
export async function checkPolicy(site: Site): Promise<readonly CheckResult[]> {
  return parts.flatMap((part) => {
    const configuration = site.ours[part];
    if (!configuration) return [];
    const check = `${part}-policy`;
    const wanted = site.wanted[part === "mutating" ? 0 : 1].webhooks as readonly unknown[] as readonly JsonObject[];
    const installed = webhooksOf(configuration);
    const find = (all: readonly JsonObject[], name: unknown) => all.find((each) => each["name"] === name);
    const found = [
      ...wanted.flatMap((webhook) => {
        const name = String(webhook["name"]);
        const twin = find(installed, name);
        if (!twin) return [`${name} is missing`];
        return webhookDifferences(twin, webhook).map((one) => `${name}: ${describeDifference(one)}`);
      }),
      ...installed
        .filter(({ name }) => !find(wanted, name))
        .map(({ name }) => `${name} is not a webhook of this policy`),
    ];
    return [
      found.length === 0
        ? ok(check, `it is what policy ${site.policy.name} asks for`)
        : fail(
            check,
            `it is not what policy ${site.policy.name} asks for: ${firstOf(found)}`,
            `${replaceCommand(site)}; where another policy is meant, name it with --policy`,
          ),
    ];
  });
}

/** Whether every webhook calls the same function, and the one that was named. */
export async function checkUrl(site: Site): Promise<readonly CheckResult[]> {
  const { ours, url } = site;
  if (!ours.mutating && !ours.validating) return [];
  const called = parts.flatMap((part) =>
    webhooksOf(ours[part]).map((webhook) => ({ name: String(webhook["name"]), at: addressOf(webhook, part) })),
  );
  const meant = url ?? called[0]?.at;
  if (meant === undefined) return [];
  const wrong = called.flatMap(({ name, at }) => {
    if (at === meant) return [];
    const [shown, wanted] = [shownAddress(at), shownAddress(meant)];
    return [shown === wanted ? `${name} calls ${shown} with another key` : `${name} calls ${shown}, not ${wanted}`];
  });
  return [
    wrong.length === 0
      ? ok("url", `every webhook calls ${shownAddress(meant)}`)
      : fail("url", firstOf(wrong), `${applyCommand(site)}, with the URL that the function is reached at`),
  ];
}

/** The URL without its endpoint, or `service NAMESPACE/NAME`. */
const addressOf = ({ clientConfig }: JsonObject, part: Part): string => {
  const { url, service } = isObject(clientConfig) ? clientConfig : {};
  const endpoint = part === "mutating" ? "mutate" : "validate";
  if (isObject(service)) {
    const { namespace, name, path, port } = service;
    const odd = path === `/${endpoint}` ? "" : ` at ${path}, not at /${endpoint}`;
    return `service ${namespace}/${name}:${port ?? 443}${odd}`;
  }
  const text = URL.parse(String(url))?.href ?? String(url);
  return text.endsWith(`/${endpoint}`) ? text.slice(0, -endpoint.length - 1) : text;
};

const shownAddress = (address: string): string => (address.startsWith("service ") ? address : withoutKey(address));

/** Whether what cannot be asked about is refused. */
export async function checkFailurePolicy(site: Site): Promise<readonly CheckResult[]> {
  if (!site.ours.mutating && !site.ours.validating) return [];
  const ignoring = (part: Part): readonly string[] =>
    webhooksOf(site.ours[part])
      .filter(({ failurePolicy }) => failurePolicy !== "Fail")
      .map(({ name }) => String(name));
  const [mutating, validating] = [ignoring("mutating"), ignoring("validating")];
  const fix = `${applyCommand(site)}, without --failure-policy Ignore`;
  const check = "failure-policy";
  if (validating.length > 0)
    return [fail(check, `${validating.join(", ")}: with Ignore, everything passes while the function is down`, fix)];
  if (mutating.length > 0)
    return [warn(check, `${mutating.join(", ")}: with Ignore, the field is not set while the function is down`, fix)];
  return [ok(check, "Fail: nothing passes that the function did not see")];
}

/** Whether the API server can trust the function's certificate, and for how long. */
export async function checkCaBundle(site: Site): Promise<readonly CheckResult[]> {
  const webhooks = parts.flatMap((part) => webhooksOf(site.ours[part]));
  if (webhooks.length === 0) return [];
  const check = "ca-bundle";
  const fix = `renew the certificates that sign the function's, and register them: ${applyCommand(site)} (--ca-bundle names the file)`;
  const results = webhooks.map(({ name, clientConfig }): CheckResult => {
    const { caBundle, service } = isObject(clientConfig) ? clientConfig : {};
    if (typeof caBundle !== "string" || caBundle === "")
      return isObject(service)
        ? fail(check, `${name} calls a service and has no caBundle, so no certificate of it is trusted`, fix)
        : ok(check, "none: the API server's own roots say whom it trusts");
    const { flaw, until } = judgeCaBundle(caBundle, Date.now());
    if (!flaw) return ok(check, `good until ${until}`);
    return (flaw.grave ? fail : warn)(check, `the caBundle of ${name} ${flaw.problem}`, fix);
  });
  const worst = results.find(({ status }) => status === "fail") ?? results.find(({ status }) => status === "warn");
  return worst ? [worst] : results.slice(0, 1);
}

const firstOf = (sentences: readonly string[]): string =>
  sentences.slice(0, 3).join("; ") + (sentences.length > 3 ? `; and ${sentences.length - 3} more` : "");
