import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { versions } from "../versions.ts";
import { expectationOf } from "./expected.ts";
import { type AnswerGround, startAnswerGround } from "./ground.ts";
import { meet } from "./meet.ts";
import { table, titleOf } from "./table.ts";

describe.for(versions)("Kubernetes %s", (version) => {
  let ground: AnswerGround | undefined;
  beforeAll(async () => {
    ground = await startAnswerGround(version);
  });
  afterAll(() => ground?.stop());

  for (const row of table)
    test(titleOf(row), async () => {
      expect(await meet(row, ground as AnswerGround)).toStrictEqual(expectationOf(row));
    });
});
