import type { Figures as AnswerFigures } from "./answers/figures.ts";
import type { Figures as AuthorizationFigures } from "./authorization/figures.ts";
import type { Figures as FuzzFigures } from "./fuzz/figures.ts";
import type { KindsFigures } from "./kinds/prove.ts";
import { differences } from "./proxy/compare.ts";
import type { ProxyFigures } from "./proxy/figures.ts";
import type { ProxyFuzzFigures } from "./proxy-fuzz/run.ts";
import type { RequestInfoFigures } from "./request-info/prove.ts";
import type { Figures as TwinFigures } from "./twins/figures.ts";

/** What was found on one version of Kubernetes; what was not tried is absent. */
export interface VersionFigures {
  readonly authorization?: AuthorizationFigures;
  readonly twins?: TwinFigures;
  /** Every kind of field, and every preset. */
  readonly kinds?: readonly KindsFigures[];
  readonly answers?: AnswerFigures;
  readonly requestInfo?: RequestInfoFigures;
  readonly nested?: ProxyFigures;
  readonly through?: ProxyFigures;
}

/** What the whole proof found. */
export interface ProofFigures {
  readonly seed: number;
  readonly seconds: number;
  readonly versions: Readonly<Record<string, VersionFigures>>;
  readonly fuzz?: FuzzFigures;
  readonly proxyFuzz?: ProxyFuzzFigures;
}

type Cell = number | string | undefined;
type Line = readonly [label: string, ...cells: readonly Cell[]];

const width = 11;

const line = ([label, ...cells]: Line): string =>
  `  ${label.padEnd(58)}${cells.map((cell) => String(cell ?? "-").padStart(width)).join("")}`;

const authorizationLines = (of: readonly (AuthorizationFigures | undefined)[]): readonly Line[] => [
  ["random pairs of a requester and a declared identity", ...of.map((each) => each?.pairs.asked)],
  ["accepted by the API server, and kept", ...of.map((each) => each?.pairs.agreed.accepted)],
  ["refused by the API server, and not kept", ...of.map((each) => each?.pairs.agreed.refused)],
  ["differ as documented: the requester's own name", ...of.map((each) => each?.pairs.excepted.self)],
  ["differ as documented: privileged values", ...of.map((each) => each?.pairs.excepted.privileged)],
  ["differ as documented: header-unsafe names", ...of.map((each) => each?.pairs.excepted.unsafe)],
  ["differ as documented: constrained impersonation", ...of.map((each) => each?.pairs.excepted.constrained)],
  ["DISAGREE", ...of.map((each) => each?.pairs.disagreed)],
  ["of those pairs, through the whole webhook", ...of.map((each) => each?.webhook.asked)],
  ["DISAGREE", ...of.map((each) => each?.webhook.disagreed)],
];

const questionLines = (of: readonly (AuthorizationFigures | undefined)[]): readonly Line[] => [
  ["questions", ...of.map((each) => each?.questions.asked)],
  ["DISAGREE", ...of.map((each) => each?.questions.disagreed)],
];

const twinLines = (of: readonly (TwinFigures | undefined)[]): readonly Line[] => {
  const writes = (figures: TwinFigures | undefined, count: (sort: TwinFigures["writes"]["create"]) => number) =>
    figures && Object.values(figures.writes).reduce((all, sort) => all + count(sort), 0);
  return [
    ["random writes, each guarded in three ways", ...of.map((each) => writes(each, ({ asked }) => asked))],
    ["all leave it as it is", ...of.map((each) => writes(each, ({ agreed }) => agreed.kept))],
    ["all set it to the requester", ...of.map((each) => writes(each, ({ agreed }) => agreed.set))],
    ["all refuse it", ...of.map((each) => writes(each, ({ agreed }) => agreed.refused))],
    ["differ as documented", ...of.map((each) => each && each.special.number.differ + each.special.children.differ)],
    ["DISAGREE", ...of.map((each) => writes(each, ({ disagreed }) => disagreed))],
  ];
};

const kindsLines = (of: readonly (readonly KindsFigures[] | undefined)[]): readonly Line[] => {
  const sum = (name: keyof KindsFigures["resources"][string]) =>
    of.map((runs) =>
      runs?.reduce((all, { resources }) => Object.values(resources).reduce((more, row) => more + row[name], all), 0),
    );
  return [
    ["random writes of every kind of field, and of every preset", ...sum("asked")],
    ["both leave it as it is", ...sum("kept")],
    ["both set the same value", ...sum("set")],
    ["both refuse it", ...sum("refused")],
    ["differ as documented", ...sum("differ")],
    ["DISAGREE", ...sum("disagreed")],
  ];
};

const answerLines = (of: readonly (AnswerFigures | undefined)[]): readonly Line[] => {
  const classes = Object.keys(of.find((each) => each)?.classes ?? {}) as (keyof AnswerFigures["classes"])[];
  return [
    ...classes.map((name): Line => [name, ...of.map((each) => each?.classes[name].asExpected)]),
    ["NOT AS EXPECTED", ...of.map((each) => each?.different)],
  ];
};

const requestInfoLines = (of: readonly (RequestInfoFigures | undefined)[]): readonly Line[] => [
  ["random request lines", ...of.map((each) => each?.asked)],
  ["both read the same resource", ...of.map((each) => each?.agreed["a resource"])],
  ["both read the same path", ...of.map((each) => each?.agreed["a path"])],
  ["neither reads it", ...of.map((each) => each?.agreed["neither reads it"])],
  ["differ as documented: bytes that are not UTF-8", ...of.map((each) => each?.agreed[notUtf8])],
  ["of those, with the same question to an authorizer", ...of.map((each) => each?.questions)],
  ["DISAGREE", ...of.map((each) => each?.disagreed)],
];
const notUtf8 = "the API server reads bytes that are not UTF-8";

const proxyLines = (of: readonly (ProxyFigures | undefined)[]): readonly Line[] => [
  ["random requests, each made twice", ...of.map((each) => each?.asked)],
  ["the same success", ...of.map((each) => each?.same.succeeded)],
  ["the same 403", ...of.map((each) => each?.same.refused)],
  ["the same answer of another kind", ...of.map((each) => each?.same.otherwise)],
  ...differences.flatMap((difference): readonly Line[] =>
    of.some((each) => each?.documented[difference])
      ? [[`differ as documented: ${difference}`, ...of.map((each) => each?.documented[difference])]]
      : [],
  ),
  ["made again, because they differed at first", ...of.map((each) => each?.repeated)],
  ["of the same, with the same event in the audit log", ...of.map((each) => each && (each.audited || undefined))],
  ["DISAGREE", ...of.map((each) => each?.disagreed)],
];

const proxyFuzzLines = (figures: ProxyFuzzFigures, failures: number): readonly Line[] => [
  ["requests judged, from their line to the headers that go on", figures.requests],
  ["refused, or not readable", figures.refused + figures.unreadable],
  ["go on with the acting account", figures.forwarded.actor],
  ["of those, as a user that the caller may impersonate", figures.nested],
  ["go on with the caller's token", figures.forwarded.caller],
  ["go on without a credential", figures.forwarded.none],
  ["questions answered", figures.questions],
  ["answers taken away or turned into a no", figures.turned],
  ["PROMISES BROKEN", failures],
];

const fuzzLines = (
  { reviews, decisions, reasons, checks, slowest }: FuzzFigures,
  failures: number,
): readonly Line[] => [
  ["reviews judged, from their text to the text of their answer", reviews.judged],
  ...Object.entries(decisions).map(([decision, count]): Line => [decision, count]),
  [
    "kinds of reasons that were given, of all there are",
    `${Object.values(reasons).filter(Boolean).length}/${Object.keys(reasons).length}`,
  ],
  ["patches that another library applied and undid", checks.patches],
  ["questions answered", checks.questions],
  ["the slowest review, in ms", Math.round(slowest.milliseconds)],
  ["PROMISES BROKEN", failures],
];

/** The figures on one page. */
export const pageOf = (
  { seed, seconds, versions, fuzz, proxyFuzz }: ProofFigures,
  failures: { readonly fuzz: number; readonly proxyFuzz: number },
): string => {
  const all = Object.values(versions);
  const part = <T>(
    title: string,
    figures: readonly (T | undefined)[],
    lines: (of: readonly (T | undefined)[]) => readonly Line[],
  ) => (figures.some((each) => each !== undefined) ? ["", title, ...lines(figures).map(line)] : []);
  return [
    `seed ${seed}, ${Math.round(seconds / 60)} minutes, Node ${process.version}`,
    ...(all.length > 0 ? ["", line(["", ...Object.keys(versions)]).trimEnd()] : []),
    ...part(
      "May one become another: the API server's own impersonation, and the rule",
      all.map((each) => each.authorization),
      authorizationLines,
    ),
    ...part(
      "SubjectAccessReview of the API server, and lib/rbac over the same manifests",
      all.map((each) => each.authorization),
      questionLines,
    ),
    ...part(
      "The function alone, the in-tree policies alone, both",
      all.map((each) => each.twins),
      twinLines,
    ),
    ...part(
      "The rule and the in-tree policies, for every kind of field",
      all.map((each) => each.kinds),
      kindsLines,
    ),
    ...part(
      "What the API server makes of an answer",
      all.map((each) => each.answers),
      answerLines,
    ),
    ...part(
      "What a request line says: audit events and questions of the API server, and lib/proxy",
      all.map((each) => each.requestInfo),
      requestInfoLines,
    ),
    ...part(
      "Nested impersonation: the API server itself, and lib/proxy in front of it",
      all.map((each) => each.nested),
      proxyLines,
    ),
    ...part(
      "Any request: the API server itself, and through the proxy",
      all.map((each) => each.through),
      proxyLines,
    ),
    ...(fuzz ? ["", "Random and hostile reviews", ...fuzzLines(fuzz, failures.fuzz).map(line)] : []),
    ...(proxyFuzz
      ? ["", "Random and hostile requests", ...proxyFuzzLines(proxyFuzz, failures.proxyFuzz).map(line)]
      : []),
  ].join("\n");
};
