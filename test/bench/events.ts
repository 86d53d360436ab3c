import { httpApi } from "../support/gateway-events.ts";
import { reviewText, template } from "../support/reviews.ts";

/** The key in the path of every call here. */
export const callerKey = "the-key-of-the-benchmarks";

const authenticated = (username: string) => ({ username, groups: ["system:authenticated"] });

/** finn declares bob, and may impersonate him in the test cluster: one question. */
export const permittedReview = reviewText({ userInfo: authenticated("finn"), object: template("bob") });

/** bob declares alice, and may not impersonate her: one question, and a patch. */
export const forbiddenReview = reviewText({ userInfo: authenticated("bob"), object: template("alice") });

/** bob declares himself: no question. */
export const selfReview = reviewText({ userInfo: authenticated("bob"), object: template("bob") });

/** A review as the gateway sends it to the function. */
export const eventOf = (body: string) =>
  httpApi({ path: `/clusters/demo/${callerKey}/mutate`, query: { timeout: "10s" }, body });
