import { isObject, type JsonObject } from "../../lib/meta/json.ts";
import { hasInTreePolicies, inTreeGuardsAll } from "./admission-policies.ts";
import { type CheckResult, fail, ok, warn } from "./check-result.ts";
import { describeDifference, webhookDifferences } from "./differences.ts";
import { judgeCaBundle } from "./judge-ca-bundle.ts";
import { redactText, redactUrl } from "./redact.ts";
import { applyCommand, replaceCommand, type Site, webhooksOf } from "./site.ts";

type Part = "mutating" | "validating";
const parts = ["mutating", "validating"] as const;

const titles: Readonly<Record<Part, string>> = {
  mutating: "MutatingWebhookConfiguration",
  validating: "ValidatingWebhookConfiguration",
};

const consequences: Readonly<Record<Part, string>> = {
  mutating:
    "so identity fields are not set, and the validating webhook refuses an object whose field would have to be set",
  validating: "so another webhook can change the field after ours, and the final object is not checked",
};

/** Checks that both configurations are installed. Where admission policies guard the cluster alone, neither is needed. */
export async function checkInstalled(site: Site): Promise<readonly CheckResult[]> {
  const { ours, inTree } = site;
  if (!ours.mutating && !ours.validating && hasInTreePolicies(inTree)) return [];
  return parts.map((part) => {
    const { name } = site.wanted[part === "mutating" ? 0 : 1].metadata;
    if (ours[part]) return ok(part, `the ${titles[part]} ${name} is installed`);
    const missing = `the ${titles[part]} ${name} is missing`;
    return inTreeGuardsAll(inTree)
      ? warn(part, `${missing}; the admission policies guard the cluster without it`, applyCommand(site))
      : fail(part, `${missing}, ${consequences[part]}`, applyCommand(site));
  });
}

/** Checks that each configuration matches the policy. */
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
        const current = find(installed, name);
        if (!current) return [`${name} is missing`];
        return webhookDifferences(current, webhook).map((difference) => `${name}: ${describeDifference(difference)}`);
      }),
      ...installed
        .filter(({ name }) => !find(wanted, name))
        .map(({ name }) => `${name} does not belong to this policy`),
    ];
    return [
      found.length === 0
        ? ok(check, `the configuration matches policy ${site.policy.name}`)
        : fail(
            check,
            `the configuration differs from policy ${site.policy.name}: ${firstThree(found)}`,
            `${replaceCommand(site)}; if the cluster uses another policy, name it with --policy`,
          ),
    ];
  });
}

/** Checks that every webhook calls the same function, the one of `--url` if it is given. */
export async function checkUrl(site: Site): Promise<readonly CheckResult[]> {
  const { ours, url } = site;
  if (!ours.mutating && !ours.validating) return [];
  const called = parts.flatMap((part) =>
    webhooksOf(ours[part]).map((webhook) => ({ name: String(webhook["name"]), at: addressOf(webhook, part) })),
  );
  const expectedAddress = url ?? called[0]?.at;
  if (expectedAddress === undefined) return [];
  const wrong = called.flatMap(({ name, at }) => {
    if (at === expectedAddress) return [];
    const [shown, wanted] = [shownAddress(at), shownAddress(expectedAddress)];
    return [shown === wanted ? `${name} calls ${shown} with a different key` : `${name} calls ${shown}, not ${wanted}`];
  });
  return [
    wrong.length === 0
      ? ok("url", `every webhook calls ${shownAddress(expectedAddress)}`)
      : fail("url", firstThree(wrong), `${applyCommand(site)}, where URL is the address of the function`),
  ];
}

/** The URL without its endpoint, or `service NAMESPACE/NAME:PORT`, with the path before the endpoint where it has a key. */
const addressOf = ({ clientConfig }: JsonObject, part: Part): string => {
  const { url, service } = isObject(clientConfig) ? clientConfig : {};
  const endpoint = part === "mutating" ? "mutate" : "validate";
  if (isObject(service)) {
    const { namespace, name, path, port } = service;
    const [, keyed] = new RegExp(`^((?:/clusters/[^/]+/[^/]+)?)/${endpoint}$`).exec(String(path)) ?? [];
    return `service ${namespace}/${name}:${port ?? 443}${keyed ?? ` at ${path}, not at /${endpoint}`}`;
  }
  const text = URL.parse(String(url))?.href ?? String(url);
  return text.endsWith(`/${endpoint}`) ? text.slice(0, -endpoint.length - 1) : text;
};

const shownAddress = (address: string): string =>
  address.startsWith("service ") ? redactText(address) : redactUrl(address);

/** Checks that objects are refused while the function is down. */
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
    return [
      fail(
        check,
        `${validating.join(", ")}: failurePolicy is Ignore, so every object is accepted while the function is down`,
        fix,
      ),
    ];
  if (mutating.length > 0)
    return [
      warn(
        check,
        `${mutating.join(", ")}: failurePolicy is Ignore, so the field is not set while the function is down`,
        fix,
      ),
    ];
  return [ok(check, "failurePolicy is Fail: objects are refused while the function is down")];
}

/** Checks that the API server can trust the function's certificate, and for how long. */
export async function checkCaBundle(site: Site): Promise<readonly CheckResult[]> {
  const webhooks = parts.flatMap((part) => webhooksOf(site.ours[part]));
  if (webhooks.length === 0) return [];
  const check = "ca-bundle";
  const fix = `renew the CA certificate that signs the function's certificate, and install it: ${applyCommand(site)} (--ca-bundle names the file)`;
  const results = webhooks.map(({ name, clientConfig }): CheckResult => {
    const { caBundle, service } = isObject(clientConfig) ? clientConfig : {};
    if (typeof caBundle !== "string" || caBundle === "")
      return isObject(service)
        ? fail(
            check,
            `${name} calls a service and has no caBundle, so the API server does not trust the certificate of the service`,
            fix,
          )
        : ok(check, "no caBundle: the API server uses its own root certificates");
    const { flaw, until } = judgeCaBundle(caBundle, Date.now());
    if (!flaw) return ok(check, `the caBundle is valid until ${until}`);
    return (flaw.severe ? fail : warn)(check, `the caBundle of ${name} ${flaw.problem}`, fix);
  });
  const worst = results.find(({ status }) => status === "fail") ?? results.find(({ status }) => status === "warn");
  return worst ? [worst] : results.slice(0, 1);
}

const firstThree = (sentences: readonly string[]): string =>
  sentences.slice(0, 3).join("; ") + (sentences.length > 3 ? `; and ${sentences.length - 3} more` : "");
