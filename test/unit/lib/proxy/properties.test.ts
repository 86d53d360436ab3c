import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { UserInfo } from "../../../../lib/identity/index.ts";
import { encodedExtraKey, extraKeyOf } from "../../../../lib/proxy/extra-key.ts";
import {
  bearerTokenOf,
  bytesOfText,
  type Caller,
  concludeRequest,
  frontProxyUser,
  type HeaderLine,
  judgeRequest,
  outgoingLines,
  type RequestInfo,
  readRequestInfo,
  textOfBytes,
  webSocketProtocolsOf,
} from "../../../../lib/proxy/index.ts";
import { type Answer, formatQuestion } from "../../../../lib/question/index.ts";

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 8 }),
  fc.string({ maxLength: 8 }),
  fc.constantFrom("alice", "system:masters", ""),
);
const bytes = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
  maxLength: 8,
});
const headerName = fc.oneof(
  fc.constantFrom(
    "Impersonate-User",
    "impersonate-group",
    "IMPERSONATE-UID",
    "Impersonate-Extra-Key",
    "Impersonate-Extra-%2f",
    "Impersonate_User",
    "Connection",
    "Authorization",
    "X-Remote-User",
    "X-Forwarded-For",
    "Accept",
    "TE",
  ),
  fc.string({ minLength: 1, maxLength: 6 }),
);
const lines: fc.Arbitrary<readonly HeaderLine[]> = fc.array(
  fc.tuple(headerName, fc.oneof(text, bytes, fc.constantFrom("Impersonate-User, X-A"))),
  { maxLength: 8 },
);
const user: fc.Arbitrary<UserInfo> = fc.record({
  username: text,
  groups: fc.array(text, { maxLength: 3 }),
  extra: fc.dictionary(text, fc.array(text, { maxLength: 2 }), { maxKeys: 2 }),
});
const caller: fc.Arbitrary<Caller> = fc.oneof(
  fc.constant<Caller>("anonymous"),
  fc.record({
    user: fc.tuple(user, text).map(([known, uid]) => ({ ...known, uid })),
    credential: fc.constantFrom("token" as const, "other" as const),
  }),
);
const info: fc.Arbitrary<RequestInfo> = fc
  .tuple(
    fc.constantFrom("GET", "POST", "OPTIONS"),
    fc.constantFrom("/api/v1/pods", "/api/v1/namespaces/a/pods/b/exec", "/version", "/livez"),
  )
  .map(([method, target]) => readRequestInfo(method, target) as RequestInfo);
const answer: fc.Arbitrary<Answer | undefined> = fc.constantFrom<Answer | undefined>(
  { allowed: true, reason: "" },
  { allowed: true, reason: "" },
  { allowed: true, reason: "" },
  { allowed: false, reason: "no" },
  { code: 504, failure: "late" },
  undefined,
);
const options = fc.constantFrom({ uid: "passthrough" as const }, { uid: "impersonate" as const });

describe("for every request", () => {
  test("it goes on only with a yes to each question, and as exactly the user that was asked about", () => {
    fc.assert(
      fc.property(
        info,
        lines,
        caller,
        fc.array(answer, { maxLength: 8 }),
        options,
        (about, given, who, answers, how) => {
          const judgement = judgeRequest({ info: about, lines: given, caller: who });
          const outcome = concludeRequest(judgement, answers, how);
          if ("refusal" in outcome) {
            expect(outcome.refusal.code).toBeGreaterThanOrEqual(400);
            return;
          }
          for (const [index] of judgement.questions.entries()) expect(answers[index]).toMatchObject({ allowed: true });
          const own = judgement.questions.find((question) => !formatQuestion(question).startsWith("impersonate "));
          if (own) expect(own.user).toBe(outcome.user?.username);
          const named = outcome.lines
            .filter(([name]) => name === "Impersonate-User")
            .map(([, value]) => textOfBytes(value));
          const groups = outcome.lines
            .filter(([name]) => name === "Impersonate-Group")
            .map(([, value]) => textOfBytes(value));
          if (outcome.credential === "actor") {
            expect(named).toEqual([outcome.user?.username]);
            expect(named[0]).not.toBe("");
            expect(groups).toEqual(outcome.user?.groups);
          } else expect(outcome.lines).toEqual([]);
          if (outcome.credential === "none") expect(who).toBe("anonymous");
        },
      ),
      { numRuns: 3_000 },
    );
  });

  test("no header of the client says who or where it is", () => {
    const acting: readonly HeaderLine[] = [["Impersonate-User", "alice"]];
    fc.assert(
      fc.property(lines, (given) => {
        const out = outgoingLines(given, { acting, peer: "192.0.2.1" });
        const about = out.filter(([name]) =>
          /^(impersonate|authorization$|x-remote-user$|x-forwarded-|connection$)/i.test(name),
        );
        expect(about).toEqual([["X-Forwarded-For", "192.0.2.1"], ...acting]);
      }),
    );
  });

  test("reading it never throws", () => {
    const headers = { username: ["x-remote-user"], uid: ["x-uid"], group: ["x-group"], extraPrefix: ["x-", ""] };
    fc.assert(
      fc.property(text, text, lines, (method, target, given) => {
        readRequestInfo(method, `/api/v1/${target}`);
        readRequestInfo(method, `/api/v1/pods?fieldSelector=${target}&labelSelector=${target}`);
        bearerTokenOf(given);
        webSocketProtocolsOf(given.map(([, value]) => ["sec-websocket-protocol", value]));
        frontProxyUser(given, headers);
      }),
    );
  });
});

describe("what is written into headers is read back", () => {
  test("a value, unless it is refused", () => {
    fc.assert(
      fc.property(text, (value) => {
        const written = bytesOfText(value);
        if (written === undefined) expect(value).toMatch(/^ | $|\p{Cc}|[\ud800-\udfff]/u);
        else {
          expect(textOfBytes(written)).toBe(value);
          expect(written).toMatch(/^[ -~\x80-\xff]*$/);
        }
      }),
    );
  });

  test("a key of extra, whatever the case of the header's name becomes", () => {
    fc.assert(
      fc.property(text, (key) => {
        const written = encodedExtraKey(key);
        if (written === undefined) expect(key).toMatch(/[\ud800-\udfff]/);
        else {
          expect(extraKeyOf(written)).toBe(key);
          expect(extraKeyOf(written.toUpperCase())).toBe(key);
          expect(written).toMatch(/^[!#$%&'*+\-.^_`|~0-9a-z]*$/);
        }
      }),
    );
  });
});
