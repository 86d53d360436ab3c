import type { Random } from "../worlds/random.ts";

/** The request line of a request, apart from its version. */
export interface RequestLine {
  readonly method: string;
  readonly target: string;
}

const methods = ["GET", "GET", "GET", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
const oddMethods = ["OPTIONS", "TRACE", "PROPFIND", "get", "Delete", "LIST", "WATCH", "QUERY"];

const resources = ["pods", "configmaps", "namespaces", "deployments", "nodes", "Pods", "pods.v1", "things"];
const names = ["a", "b", "kube-root-ca.crt", "a.b", "A", "-", "1"];
const subresources = ["status", "log", "exec", "proxy", "scale", "finalize", "token", "ephemeralcontainers"];
const namespaces = ["default", "kube-system", "other", "a.b"];
const plainPaths = [
  ..."version,healthz,livez/etcd,readyz,metrics,api,apis,apis/apps,apis/apps/v1,api/v1,openapi/v3,logs/a".split(","),
  ..."debug/pprof/profile,,.well-known/openid-configuration,apis//v1/pods,Api/v1/pods,apis/v1".split(","),
];
/** What tempts a reader to resolve, to split too early or to decode twice; the last ones cannot be read. */
const oddSegments = [
  ...["..", ".", "", "...", "%2e%2e", "%2E.", "a%2Fb", "%2F", "%2f%2e%2e%2f", "status", "finalize", "proxy", "watch"],
  ...["namespaces", "caf%C3%A9", "%F0%9F%98%80", "a+b", "a%20b", "a;b", "a|b", "a#b", "a%23b", "%00", "a%3Fb", "%25"],
  ...["%2525", "%252e%252e", "~", "a'b", "(a)", 'a"b', "<a>", "a\\b", "a`b", "{a}", "a^b", "@", ":", "=", "&", "%0a"],
  ...["%ff", "%c3", "%ed%a0%80", "%", "%zz", "%2", "%%30"],
];

const hex = (random: Random, character: string): string => {
  const code = (character.codePointAt(0) as number).toString(16).padStart(2, "0");
  return `%${random.chance(0.5) ? code : code.toUpperCase()}`;
};

/** One of its characters percent-encoded, which changes nothing. */
const encodedSomewhere = (random: Random, segment: string): string => {
  if (segment === "" || segment.includes("%")) return segment;
  const at = random.below(segment.length);
  return segment.slice(0, at) + hex(random, segment.charAt(at)) + segment.slice(at + 1);
};

const resourceSegments = (random: Random): readonly string[] => {
  const group = random.chance(0.5) ? ["api", "v1"] : ["apis", random.pick(["apps", "batch", "a.b", "v1"]), "v1"];
  const namespace = random.chance(0.6) ? ["namespaces", random.pick(namespaces)] : [];
  const behind = [random.pick(names), random.pick(subresources), random.pick(names), random.pick(names)];
  return [
    ...group,
    ...(random.chance(0.06) ? [random.pick(["watch", "proxy"])] : []),
    ...namespace,
    ...(random.chance(0.95) ? [random.pick(resources)] : []),
    ...behind.slice(0, random.pick([0, 0, 0, 1, 1, 2, 2, 3, 4])),
  ];
};

const pathOf = (random: Random): string => {
  const segments = random.chance(0.8) ? resourceSegments(random) : random.pick(plainPaths).split("/");
  const odd = segments.map((segment) => {
    if (random.chance(0.07)) return random.pick(oddSegments);
    return random.chance(0.07) ? encodedSomewhere(random, segment) : segment;
  });
  const joined = odd.reduce(
    (path, segment) => `${path}${random.chance(0.03) ? random.pick(["//", "%2F"]) : "/"}${segment}`,
  );
  return (
    (random.chance(0.03) ? "//" : "/") + joined + (random.chance(0.08) ? random.pick(["/", "//", "/..", "/."]) : "")
  );
};

const fields = ["metadata.name", "metadata.namespace", "spec.nodeName", "status.phase", "a", ""];
const fieldOperators = ["=", "==", "!=", "="];
const fieldValues = [
  "a",
  "b",
  "..",
  ".",
  "a/b",
  "a%b",
  "",
  "\\,",
  "\\=",
  "\\\\",
  "\\x",
  "a=b",
  "caf\u00e9",
  "\u{1F600}",
  " ",
];
const fieldSelectorOf = (random: Random): string =>
  Array.from({ length: 1 + random.below(3) }, () =>
    random.chance(0.08)
      ? random.pick(["", "a", "=", "!=", "\\"])
      : random.pick(fields) + random.pick(fieldOperators) + random.pick(fieldValues),
  ).join(",");

const labelKeys = [
  "app",
  "tier",
  "example.com/part",
  "A_b.c",
  "in",
  "notin",
  "-a",
  "a/b/c",
  "UPPER.example/a",
  "",
  "x".repeat(64),
];
const labelValues = [
  "a",
  "b",
  "v-1",
  "A_b.c",
  "",
  "-a",
  "caf\u00e9",
  "5",
  "-5",
  "9223372036854775808",
  "in",
  "y".repeat(64),
];
const labelTermOf = (random: Random): string => {
  const key = random.chance(0.85) ? random.pick(labelKeys.slice(0, 6)) : random.pick(labelKeys);
  const value = (): string => (random.chance(0.85) ? random.pick(labelValues.slice(0, 4)) : random.pick(labelValues));
  const space = random.chance(0.2) ? " " : "";
  return random.pick([
    () => key,
    () => `!${space}${key}`,
    () => `${key}${space}${random.pick(["=", "==", "!="])}${space}${value()}`,
    () => `${key}${space}${random.pick(["<", ">"])}${space}${random.chance(0.7) ? "5" : value()}`,
    () =>
      `${key} ${random.pick(["in", "notin"])} (${Array.from({ length: random.below(4) }, value).join(`,${space}`)})`,
    () => `${key} ${random.pick(["in", "(", ")", "!", "===", "in (a", "\0", "\t"])} ${value()}`,
  ])();
};
const labelSelectorOf = (random: Random): string =>
  Array.from({ length: 1 + random.below(3) }, () => labelTermOf(random)).join(random.chance(0.9) ? "," : ", ,");

const valuesOf: Readonly<Record<string, (random: Random) => string>> = {
  watch: (random) => random.pick(["1", "true", "0", "false", "FALSE", "", "no", "fal\u017fe", "f", "t", " 0"]),
  fieldSelector: fieldSelectorOf,
  labelSelector: labelSelectorOf,
  limit: (random) => random.pick(["1", "500", "", "many", "-1", "+1", "9223372036854775808", "1.5", "0x1", " 1"]),
  timeoutSeconds: (random) => random.pick(["1", "", "soon", "-1", "1e3"]),
  resourceVersion: (random) => random.pick(["0", "", "x"]),
  resourceVersionMatch: (random) => random.pick(["Exact", "x"]),
  allowWatchBookmarks: (random) => random.pick(["true", "x"]),
  sendInitialEvents: (random) => random.pick(["true", "x"]),
  continue: (random) => random.pick(["abc", ""]),
  timeout: (random) => random.pick(["5s", "1m30s", "0", "-1s", ""]),
  container: (random) => random.pick(["a", ""]),
  "": () => "a",
};

const encodedQuery = (random: Random, text: string): string =>
  Array.from(text, (character) => {
    if (character === " " && random.chance(0.5)) return "+";
    const isPlain = /[A-Za-z0-9.\-_~=!,()/:\\']/.test(character) && !random.chance(0.05);
    if (isPlain) return character;
    return character > "~" ? encodeURIComponent(character) : hex(random, character);
  }).join("");

const pairOf = (random: Random): string => {
  if (random.chance(0.03))
    return random.pick(["", ";", "watch=1;a=2", "%zz=1", "watch=%", "a=%ff", "&", "?", "=", "w%61tch=1"]);
  const name = random.pick([...Object.keys(valuesOf), "watch", "fieldSelector", "labelSelector", "labelSelector"]);
  const value = valuesOf[name]?.(random) ?? "";
  const encoded = encodedQuery(random, value);
  return random.chance(0.05) ? encodedQuery(random, name) : `${encodedQuery(random, name)}=${encoded}`;
};

const queryOf = (random: Random): string => {
  if (random.chance(0.4)) return random.chance(0.05) ? "?" : "";
  return `?${Array.from({ length: 1 + random.below(3) }, () => pairOf(random)).join("&")}`;
};

/** A random target of printable ASCII that begins with a slash. */
export const targetOf = (random: Random): string => pathOf(random) + queryOf(random);

/** A random request line: paths and queries as clients write them, and as they should not. */
export const requestLineOf = (random: Random): RequestLine => ({
  method: random.pick(random.chance(0.93) ? methods : oddMethods),
  target: targetOf(random),
});
