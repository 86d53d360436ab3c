// Runs in the browser, on the installed files, and reports what the example printed and what the rows came to.

import { conclude, formatQuestion, judge, readPolicy, readReview, writeReview } from "impersonation-admission";

const base64 = (text) => btoa(String.fromCodePoint(...new TextEncoder().encode(text)));
const textOf = (encoded) => new TextDecoder().decode(Uint8Array.from(atob(encoded), (byte) => byte.codePointAt(0)));

const decide = ({ policy, review: text, endpoint, answers }) => {
  const review = readReview(text);
  if ("problem" in review) throw new Error(review.problem);
  const judgement = judge(readPolicy(policy), review.request, endpoint);
  const outcome = conclude(
    judgement,
    judgement.questions.map((question) => answers[formatQuestion(question)]),
  );
  const { response } = writeReview(review, outcome, base64);
  const patch = response.patch === undefined ? [] : JSON.parse(textOf(response.patch));
  return { questions: judgement.questions, outcome: { message: outcome.message }, response, patch };
};

/** Imports the example of the library's page, which prints what it finds, and takes base64 from Node's Buffer. */
const printedByExample = async () => {
  const printed = [];
  const { log } = console;
  console.log = (value) => printed.push(value);
  globalThis.Buffer = { from: (text) => ({ toString: () => base64(text) }) };
  await import("/example.mjs");
  delete globalThis.Buffer;
  console.log = log;
  return printed;
};

const rows = await (await fetch("/rows.json")).json();
export const report = { printed: await printedByExample(), results: rows.map(decide) };
