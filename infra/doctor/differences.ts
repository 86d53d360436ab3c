import { isObject, type JsonObject } from "../../lib/meta/json.ts";

/** One place where two values differ. */
export interface Difference {
  readonly path: string;
  readonly installed: unknown;
  readonly wanted: unknown;
}

/** The defaults of the API server, which do not count as differences (`pkg/apis/admissionregistration/v1/defaults.go`). */
const defaults: JsonObject = {
  failurePolicy: "Fail",
  matchPolicy: "Equivalent",
  namespaceSelector: {},
  objectSelector: {},
  reinvocationPolicy: "Never",
  timeoutSeconds: 10,
  matchConditions: [],
};

const withDefaults = (webhook: JsonObject): JsonObject => ({ ...defaults, ...webhook });

/** Members that operators choose for a cluster. Other checks look at them. */
const chosen = ["name", "clientConfig", "failurePolicy", "timeoutSeconds"];

/** The differences between an installed and a wanted webhook, except for members that operators choose. */
export function webhookDifferences(installed: JsonObject, wanted: JsonObject): readonly Difference[] {
  const [a, b] = [withDefaults(installed), withDefaults(wanted)];
  const members = [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((key) => !chosen.includes(key));
  return members.flatMap((key) => differences(key, a[key], b[key]));
}

/** The defaults of an admission policy. Neither a policy nor its binding has members that operators choose. */
const policyDefaults: JsonObject = { failurePolicy: "Fail" };
const constraintDefaults: JsonObject = { matchPolicy: "Equivalent", namespaceSelector: {}, objectSelector: {} };

const specOf = ({ spec, kind }: JsonObject): JsonObject => {
  const given = isObject(spec) ? spec : {};
  if (String(kind).endsWith("Binding")) return given;
  const { matchConstraints } = given;
  const constraints = { ...constraintDefaults, ...(isObject(matchConstraints) ? matchConstraints : {}) };
  return { ...policyDefaults, ...given, matchConstraints: constraints };
};

/** The differences between an installed and a wanted admission policy or binding. */
export function policyDifferences(installed: JsonObject, wanted: JsonObject): readonly Difference[] {
  return differences("spec", specOf({ ...installed, kind: wanted["kind"] }), specOf(wanted));
}

const isScalar = (value: unknown): boolean => typeof value !== "object" || value === null;

/** Compares two JSON values. The order in a list of scalars does not matter: resources, versions, operations. */
const differences = (path: string, installed: unknown, wanted: unknown): readonly Difference[] => {
  if (isObject(installed) && isObject(wanted)) {
    const keys = new Set([...Object.keys(wanted), ...Object.keys(installed)]);
    return [...keys].flatMap((key) => differences(`${path}.${key}`, installed[key], wanted[key]));
  }
  if (Array.isArray(installed) && Array.isArray(wanted)) {
    if ([...installed, ...wanted].every(isScalar))
      return JSON.stringify(installed.toSorted()) === JSON.stringify(wanted.toSorted())
        ? []
        : [{ path, installed, wanted }];
    if (installed.length === wanted.length)
      return wanted.flatMap((item, index) => differences(`${path}[${index}]`, installed[index], item));
  }
  return installed === wanted ? [] : [{ path, installed, wanted }];
};

/** A difference as a sentence. */
export function describeDifference({ path, installed, wanted }: Difference): string {
  return `${path} is ${inShort(installed)}, but must be ${inShort(wanted)}`;
}

const inShort = (value: unknown): string => {
  const text = value === undefined ? "absent" : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
};
