import { type ServiceAccount, serviceAccountOf } from "../../lib/identity/index.ts";
import { isObject, type JsonObject } from "../../lib/meta/json.ts";
import { messageOf } from "../cluster/api-client.ts";
import { objectsIn } from "../cluster/discovery.ts";
import { resourceName } from "../cluster/resource-name.ts";
import { type CheckResult, ok, warn } from "./check-result.ts";
import { nameOfObject, type Site } from "./site.ts";

const check = "empty-fields";
/** The flag of Flux's controllers that gives an empty field another account than their own. */
const flag = "--default-service-account";

/** Checks that a controller acts as the account for which an empty field stands, by the policy. */
export async function checkEmptyFields(site: Site): Promise<readonly CheckResult[]> {
  const standIns = Map.groupBy(standInsOf(site), ({ identity }) => identity);
  const results = await Promise.all(
    [...standIns].map(([identity, found]) => resultFor(site, identity, [...new Set(found.map(({ name }) => name))])),
  );
  return results.flat();
}

interface StandIn {
  readonly identity: string;
  /** The resource whose empty field stands for the identity. */
  readonly name: string;
}

/** The accounts of this cluster for which an empty field of an installed resource stands. */
const standInsOf = ({ policy, served }: Site): readonly StandIn[] =>
  policy.targets.flatMap(({ group, resources, fields }) =>
    resources
      .filter((resource) => served.get(group)?.has(resource))
      .flatMap((resource) =>
        fields.flatMap(({ onEmpty, emptyStandsFor, permission }) =>
          onEmpty === "stands" && emptyStandsFor !== undefined && permission === undefined
            ? [{ identity: emptyStandsFor, name: resourceName({ group, resource }) }]
            : [],
        ),
      ),
  );

const resultFor = async (
  { api }: Site,
  identity: string,
  names: readonly string[],
): Promise<readonly CheckResult[]> => {
  const account = serviceAccountOf(identity);
  if (account === undefined) return [];
  const { namespace, name } = account;
  const means = `an empty field of ${names.join(", ")} stands for ${identity}`;
  const reply = await api.send({ path: `/apis/apps/v1/namespaces/${namespace}/deployments` });
  if (reply.status !== 200)
    return [
      warn(
        check,
        `not checked: whether ${means}: ${messageOf(reply)}`,
        `run the doctor as a user who may list deployments in namespace ${namespace}`,
      ),
    ];
  const running = objectsIn(reply.body["items"]).filter((deployment) => runsAs(deployment, account));
  if (running.length === 0)
    return [
      warn(
        check,
        `by the policy ${means}, but no Deployment in namespace ${namespace} runs as the service account ${name}`,
        "see which account the controller runs as, and name it in the policy's emptyStandsFor",
      ),
    ];
  const otherwise = running.flatMap((deployment) => {
    const value = flagOf(deployment);
    return value ? [{ deployment: nameOfObject(deployment), value }] : [];
  });
  if (otherwise.length === 0)
    return [
      ok(check, `Deployment ${namespace}/${running.map(nameOfObject).join(", ")} runs without ${flag}: ${means}`),
    ];
  return otherwise.map(({ deployment, value }) =>
    warn(
      check,
      `by the policy ${means}, but Deployment ${namespace}/${deployment} runs with ${flag}=${value}, so its controller acts as ${value} of the object's namespace`,
      `write onEmpty: { default: ${value} } for the field, or the preset's option for that flag, instead of emptyStandsFor`,
    ),
  );
};

const podSpecOf = ({ spec }: JsonObject): JsonObject => {
  const template = isObject(spec) && isObject(spec["template"]) ? spec["template"] : {};
  return isObject(template["spec"]) ? template["spec"] : {};
};

const runsAs = (deployment: JsonObject, { name }: ServiceAccount): boolean =>
  podSpecOf(deployment)["serviceAccountName"] === name;

/** The value of the flag in a container of a Deployment, `--flag=VALUE` or `--flag VALUE`; empty where it is not set. */
const flagOf = (deployment: JsonObject): string => {
  const words = objectsIn(podSpecOf(deployment)["containers"]).flatMap(({ command, args }) =>
    [command, args].flatMap((list) => (Array.isArray(list) ? list.map(String) : [])),
  );
  const given = words.findLast((word) => word === flag || word.startsWith(`${flag}=`));
  if (given === undefined) return "";
  return given === flag ? (words[words.lastIndexOf(flag) + 1] ?? "") : given.slice(flag.length + 1);
};
