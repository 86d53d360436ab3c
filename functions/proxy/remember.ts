import { createHash } from "node:crypto";
import { idOfQuestion } from "../../lib/question/question.ts";
import type { Ask } from "../cluster/ask.ts";
import type { Identify, Identity } from "../cluster/identify.ts";
import { briefCache } from "../net/brief-cache.ts";

/** As long as the API server's own delegated checks; a no as long as a yes. */
const milliseconds = 10_000;
const most = 10_000;
/** Callers choose what a question says; one larger than this is asked each time. */
const mostCharacters = 10_000;

/** Keeps whose a token is for a short time, under a hash of the token. What could not be found out is not kept. */
export function rememberIdentities(identify: Identify): Identify {
  const cache = briefCache<Identity>({
    milliseconds,
    most,
    isKept: (identity) => !("failure" in identity) && !("refused" in identity && !identity.isCertain),
  });
  return (token, deadline) =>
    cache(createHash("sha256").update(token).digest("base64"), () => identify(token, deadline));
}

/** Keeps answers for a short time. A question that got no answer is asked again. */
export function rememberAnswers(ask: Ask): Ask {
  const cache = briefCache<Awaited<ReturnType<Ask>>[number]>({
    milliseconds,
    most,
    isKept: (answer) => !("failure" in answer),
  });
  return (questions, deadline) =>
    Promise.all(
      questions.map(async (question) => {
        const id = idOfQuestion(question);
        const lookUp = async () =>
          (await ask([question], deadline))[0] ?? { code: 502 as const, failure: "no answer came back" };
        return id.length > mostCharacters ? lookUp() : cache(id, lookUp);
      }),
    );
}
