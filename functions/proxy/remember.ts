import { createHash } from "node:crypto";
import { idOfQuestion } from "../../lib/question/question.ts";
import type { Ask } from "../cluster/ask.ts";
import type { Identify, Identity } from "../cluster/identify.ts";
import { type BriefCache, briefCache } from "../net/brief-cache.ts";

/** As long as the API server's own delegated checks; a no as long as a yes. */
const milliseconds = 10_000;
const most = 10_000;
/** Callers choose what a question says; one larger than this is asked each time. */
const mostCharacters = 10_000;

/** A look-up that says of each thing that it did not ask for, because it was known already or is being asked for. */
type Remembered<LookUp extends (...given: never) => unknown> = (
  ...given: [...Parameters<LookUp>, wasKnown?: () => void]
) => ReturnType<LookUp>;

export type RememberedIdentify = Remembered<Identify>;
export type RememberedAsk = Remembered<Ask>;

/** Keeps whose a token is for a short time, under a hash of the token. What could not be found out is not kept. */
export function rememberIdentities(identify: Identify): RememberedIdentify {
  const cache = briefCache<Identity>({
    milliseconds,
    most,
    isKept: (identity) => !("failure" in identity) && !("refused" in identity && !identity.isCertain),
  });
  return (token, deadline, wasKnown) =>
    noticing(cache, wasKnown)(createHash("sha256").update(token).digest("base64"), () => identify(token, deadline));
}

/** Keeps answers for a short time. A question that got no answer is asked again. */
export function rememberAnswers(ask: Ask): RememberedAsk {
  const cache = briefCache<Awaited<ReturnType<Ask>>[number]>({
    milliseconds,
    most,
    isKept: (answer) => !("failure" in answer),
  });
  return (questions, deadline, wasKnown) =>
    Promise.all(
      questions.map(async (question) => {
        const id = idOfQuestion(question);
        const lookUp = async () =>
          (await ask([question], deadline))[0] ?? { code: 502 as const, failure: "no answer came back" };
        return id.length > mostCharacters ? lookUp() : noticing(cache, wasKnown)(id, lookUp);
      }),
    );
}

/** A cache looks up in the call itself, or not at all. */
const noticing =
  <T>(cache: BriefCache<T>, wasKnown: (() => void) | undefined): BriefCache<T> =>
  (key, lookUp) => {
    let isAsked = false;
    const value = cache(key, () => {
      isAsked = true;
      return lookUp();
    });
    if (!isAsked) wasKnown?.();
    return value;
  };
