import { describe, expect, test } from "vitest";
import { type Invocation, logLine } from "../../../../functions/telemetry/log-line.ts";
import { metrics, namespace } from "../../../../functions/telemetry/metrics.ts";
import { failures } from "../../../../functions/webhook/failure-class.ts";
import { type DecisionEntry, type Entry, splitEntry } from "../../../../functions/webhook/log-entries.ts";
import { decisions } from "../../../../lib/decision/verdict.ts";

const now = 1_795_306_141_304;
const write = (entry: Entry & Invocation): string => logLine(splitEntry(entry), "admission", now);
const read = (entry: Entry & Invocation) => JSON.parse(write(entry));

const decided: DecisionEntry = {
  event: "decision",
  cluster: "prod",
  endpoint: "mutate",
  uid: "u-1",
  resource: "mustachetemplates.v1alpha2.deploy.razee.io",
  namespace: "team-a",
  name: "demo",
  operation: "CREATE",
  dryRun: false,
  decision: "replaced",
  reason: "forbidden",
  message: 'spec.clusterAuth.impersonateUser: "carol" replaced by "alice", who may not impersonate it',
  enforcement: "enforce",
  requester: "alice",
  declared: "carol",
  effective: "alice",
  questions: 1,
  questionMilliseconds: 4,
  milliseconds: 6,
};

/** The metadata that CloudWatch must find for some metrics, each with its sets of dimensions besides the function. */
const metadata = (...measured: readonly (readonly [name: string, unit: string, ...sets: (readonly string[])[]])[]) => ({
  Timestamp: now,
  CloudWatchMetrics: measured.map(([Name, Unit, ...sets]) => ({
    Namespace: "ImpersonationAdmission",
    Dimensions: [["function"], ...sets.map((set) => ["function", ...set])],
    Metrics: [{ Name, Unit }],
  })),
});

describe("a line", () => {
  test("of a decision", () => {
    expect(write({ ...decided, cold: false, requestId: "r-1", traceId: "t", xrayTraceId: "1-x" })).toBe(
      `{"level":"INFO","event":"decision","cluster":"prod","endpoint":"mutate","uid":"u-1",` +
        `"resource":"mustachetemplates.v1alpha2.deploy.razee.io","namespace":"team-a","name":"demo","operation":"CREATE",` +
        `"dryRun":false,"decision":"replaced","reason":"forbidden",` +
        `"message":"spec.clusterAuth.impersonateUser: \\"carol\\" replaced by \\"alice\\", who may not impersonate it",` +
        `"enforcement":"enforce","requester":"alice","declared":"carol","effective":"alice",` +
        `"cold":false,"requestId":"r-1","traceId":"t","xrayTraceId":"1-x","function":"admission",` +
        `"Decisions":1,"DecisionMilliseconds":6,"Questions":1,"QuestionMilliseconds":4,` +
        `"_aws":{"Timestamp":1795306141304,"CloudWatchMetrics":[` +
        `{"Namespace":"ImpersonationAdmission","Dimensions":[["function"],["function","cluster","endpoint","decision"]],"Metrics":[{"Name":"Decisions","Unit":"Count"}]},` +
        `{"Namespace":"ImpersonationAdmission","Dimensions":[["function"],["function","cluster","endpoint"]],"Metrics":[{"Name":"DecisionMilliseconds","Unit":"Milliseconds"}]},` +
        `{"Namespace":"ImpersonationAdmission","Dimensions":[["function"],["function","cluster"]],"Metrics":[{"Name":"Questions","Unit":"Count"}]},` +
        `{"Namespace":"ImpersonationAdmission","Dimensions":[["function"],["function","cluster"]],"Metrics":[{"Name":"QuestionMilliseconds","Unit":"Milliseconds"}]}]}}`,
    );
  });

  test("of a decision without questions has no time of questions, which would count as 0", () => {
    const line = read({ ...decided, decision: "self", questions: 0, questionMilliseconds: 0 });
    expect(line).not.toHaveProperty("Questions");
    expect(line).not.toHaveProperty("QuestionMilliseconds");
    expect(line._aws).toEqual(
      metadata(
        ["Decisions", "Count", ["cluster", "endpoint", "decision"]],
        ["DecisionMilliseconds", "Milliseconds", ["cluster", "endpoint"]],
      ),
    );
  });

  test("of the first call of an instance", () => {
    const line = read({ event: "refused", status: 404, cold: true });
    expect(line).toEqual({
      level: "WARN",
      event: "refused",
      status: "404",
      cold: true,
      function: "admission",
      RefusedCalls: 1,
      ColdStarts: 1,
      _aws: metadata(["RefusedCalls", "Count", ["status"]], ["ColdStarts", "Count"]),
    });
  });

  test("of a refused call", () => {
    expect(write({ event: "refused", status: 415 })).toBe(
      `{"level":"WARN","event":"refused","status":"415","function":"admission","RefusedCalls":1,` +
        `"_aws":{"Timestamp":1795306141304,"CloudWatchMetrics":[` +
        `{"Namespace":"ImpersonationAdmission","Dimensions":[["function"],["function","status"]],"Metrics":[{"Name":"RefusedCalls","Unit":"Count"}]}]}}`,
    );
  });

  test("of a call that failed in our own code", () => {
    expect(read({ event: "fault", failure: "fault", fault: "TypeError\n    at respond" })).toEqual({
      level: "ERROR",
      event: "fault",
      failure: "fault",
      fault: "TypeError\n    at respond",
      function: "admission",
      Failures: 1,
      _aws: metadata(["Failures", "Count", ["failure"]]),
    });
  });

  test.each<[string, number, readonly string[], string]>([
    ["without a problem", 3, [], "INFO"],
    ["with one that was left out", 2, ['context "a": user.token is missing'], "ERROR"],
    ["without clusters", 0, [], "ERROR"],
  ])("of a registry %s", (_, clusters, problems, level) => {
    expect(read({ event: "registry", clusters, problems })).toEqual({
      level,
      event: "registry",
      problems,
      function: "admission",
      RegistryClusters: clusters,
      RegistryProblems: problems.length,
      RegistryAgeSeconds: 0,
      _aws: metadata(["RegistryClusters", "Count"], ["RegistryProblems", "Count"], ["RegistryAgeSeconds", "Seconds"]),
    });
  });

  test.each<[string, readonly string[], string]>([
    ["all of which answered", [], "INFO"],
    ["one of which did not", ["test: cannot be reached"], "WARN"],
  ])("of clusters that were warmed, %s: nothing is counted", (_, problems, level) => {
    expect(read({ event: "warmed", warmed: ["prod"], problems, warmMilliseconds: 17 })).toEqual({
      level,
      event: "warmed",
      warmed: ["prod"],
      problems,
      warmMilliseconds: 17,
      function: "admission",
    });
  });

  test("of a registry that could not be read again", () => {
    expect(read({ event: "refresh-failed", message: "why", ageSeconds: 612 })).toEqual({
      level: "ERROR",
      event: "refresh-failed",
      message: "why",
      function: "admission",
      RefreshFailed: 1,
      RegistryAgeSeconds: 612,
      _aws: metadata(["RefreshFailed", "Count"], ["RegistryAgeSeconds", "Seconds"]),
    });
  });
});

describe("an entry is one line, whatever it holds", () => {
  const evil = 'x\n{"level":"INFO"}\r\u2028\u2029\u0085\u001b[2K\u202e\u0000\ud800"\\';

  test("without line breaks and control characters, and it reads back", () => {
    const line = write({ ...decided, name: evil, requester: evil, message: evil });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that there are none is what is tested
    expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e]/);
    expect(JSON.parse(line).requester).toBe(evil);
  });

  test("no longer than CloudWatch accepts", () => {
    const huge = "\u0001".repeat(1_000_000);
    const all = Object.fromEntries(
      Object.entries(decided).map(([key, value]) => [key, typeof value === "string" && key !== "event" ? huge : value]),
    ) as unknown as DecisionEntry;
    expect(Buffer.byteLength(write({ ...all, fault: huge }))).toBeLessThan(256 * 1024);
    const problems = Array.from({ length: 10_000 }, () => huge);
    const line = write({ event: "registry", clusters: 0, problems });
    expect(Buffer.byteLength(line)).toBeLessThan(256 * 1024);
    expect(JSON.parse(line).RegistryProblems).toBe(10_000);
  });

  test("with a note where a text was cut", () => {
    expect(read({ ...decided, requester: "a".repeat(5000) }).requester).toBe(`${"a".repeat(1024)}… (5000 characters)`);
  });

  test("with names whole that can be an identity", () => {
    expect(read({ ...decided, requester: "a".repeat(1024) }).requester).toBe("a".repeat(1024));
  });
});

describe("every outcome is counted", () => {
  /** What CloudWatch finds in a line: each metric with the values of each set of dimensions. */
  const countedIn = (entry: Entry) => {
    const line = read(entry);
    return line._aws.CloudWatchMetrics.flatMap(({ Dimensions, Metrics }: Record<string, never[]>) =>
      (Metrics as unknown as { Name: string }[]).flatMap(({ Name }) =>
        (Dimensions as unknown as string[][]).map((set) => `${Name} ${set.map((key) => line[key]).join("/")}`),
      ),
    );
  };

  test.each(decisions)("the decision %s", (decision) => {
    expect(countedIn({ ...decided, decision })).toEqual(
      expect.arrayContaining([`Decisions admission`, `Decisions admission/prod/mutate/${decision}`]),
    );
  });

  test.each(failures)("the failure %s", (failure) => {
    const entry: Entry = { ...decided, decision: "denied", failure };
    expect(countedIn(entry)).toEqual(
      expect.arrayContaining([
        "Failures admission",
        `Failures admission/${failure}`,
        `Failures admission/prod/${failure}`,
      ]),
    );
    expect(read(entry).level).toBe("ERROR");
  });

  test("every document follows the specification", () => {
    const entries: readonly (Entry & Invocation)[] = [
      { ...decided, failure: "fault", cold: true },
      { event: "refused", status: 404 },
      { event: "fault", failure: "fault", fault: "Error" },
      { event: "registry", clusters: 1, problems: [] },
      { event: "refresh-failed", message: "", ageSeconds: 1 },
    ];
    const found = new Set<string>();
    for (const entry of entries) {
      const line = read(entry);
      for (const { Namespace, Dimensions, Metrics } of line._aws.CloudWatchMetrics) {
        expect(Namespace).toBe(namespace);
        for (const key of Dimensions.flat()) expect(line[key]).toMatch(/^.+$/);
        for (const { Name } of Metrics) {
          expect(line[Name]).toBeTypeOf("number");
          found.add(Name);
        }
      }
    }
    expect([...found].sort()).toEqual(Object.keys(metrics).sort());
  });
});
