import type { Row } from "./row.ts";
import { annotationRows } from "./rows/annotations.ts";
import { denialRows } from "./rows/denials.ts";
import { fakeWebhookRows } from "./rows/fake-webhook.ts";
import { noReviewRows } from "./rows/no-reviews.ts";
import { outcomeRows } from "./rows/outcomes.ts";
import { patchRows } from "./rows/patches.ts";
import { verifiedBeyond, verifiedV1, verifiedV1beta1 } from "./rows/verification.ts";
import { warningRows } from "./rows/warnings.ts";

/** All rows. They hold for Kubernetes 1.34 to 1.37 alike. */
export const table: readonly Row[] = [
  ...outcomeRows,
  ...verifiedV1,
  ...verifiedV1beta1,
  ...verifiedBeyond,
  ...fakeWebhookRows,
  ...patchRows,
  ...denialRows,
  ...noReviewRows,
  ...warningRows,
  ...annotationRows,
];

/** How a row is called: unique. */
export const titleOf = ({ class: of, name, registration }: Row): string => `${of}: ${name} (${registration})`;
