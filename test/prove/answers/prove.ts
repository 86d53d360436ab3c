import { writeReview } from "../../../lib/index.ts";
import { differenceOf } from "./difference.ts";
import { expectationOf } from "./expected.ts";
import { type Figures, figuresOf } from "./figures.ts";
import { type AnswerGround, startAnswerGround } from "./ground.ts";
import { meet } from "./meet.ts";
import type { Row } from "./row.ts";
import { table, titleOf } from "./table.ts";
import type { Writer } from "./write.ts";

/** A row that turned out differently. */
export interface Failure {
  readonly row: string;
  readonly difference: string;
}

export interface AnswersProof {
  readonly figures: Figures;
  readonly failures: readonly Failure[];
}

export interface AnswersOptions {
  readonly ground: AnswerGround;
  /** Default: all. */
  readonly rows?: readonly Row[];
  /** Default: the library's. */
  readonly write?: Writer;
}

/** Lets an API server judge the answer of every row. */
export const judgeAnswers = async ({
  ground,
  rows = table,
  write = writeReview,
}: AnswersOptions): Promise<AnswersProof> => {
  const since = Date.now();
  const found = new Map<Row, string | undefined>();
  for (const row of rows) found.set(row, differenceOf(expectationOf(row), await meet(row, ground, write)));
  const seconds = Math.round((Date.now() - since) / 1000);
  return {
    figures: figuresOf({ version: ground.version, seconds }, rows, (row) => found.get(row) !== undefined),
    failures: [...found].flatMap(([row, difference]) =>
      difference === undefined ? [] : [{ row: titleOf(row), difference }],
    ),
  };
};

/**
 * Starts a control plane, lets it judge the answer of every row, and stops it.
 *
 * @param version such as v1.35.6; default: the one that the cluster suite runs on
 */
export const proveAnswers = async ({
  version,
}: {
  readonly version?: string | undefined;
} = {}): Promise<AnswersProof> => {
  const ground = await startAnswerGround(version);
  try {
    return await judgeAnswers({ ground });
  } finally {
    await ground.stop();
  }
};
