import { expect, test } from "vitest";
import { redactText, redactUrl } from "../../../../infra/doctor/redact.ts";

test.for([
  ["https://host/clusters/prod/KEY", "https://host/clusters/prod/***"],
  ["https://host:8443/clusters/prod/KEY/mutate?timeout=5s", "https://host:8443/clusters/prod/***"],
  ["https://host/stage/clusters/prod/KEY/", "https://host/stage/clusters/prod/***"],
  ["https://host/clusters/prod/clusters/x/KEY", "https://host/clusters/prod/clusters/x/***"],
  ["https://host/mutate", "https://host/mutate"],
  ["https://host/", "https://host"],
  ["https://host/KEY", "https://host/***"],
  ["https://host/clusters/KEY", "https://host/***"],
  ["https://user:KEY@host/hook", "https://host/***"],
  ["no URL with a KEY", "***"],
] as const)("%s", ([url, shown]) => {
  expect(redactUrl(url)).toBe(shown);
});

test.for([
  [
    'failed to call webhook: Post "https://127.0.0.1:1/clusters/prod/KEY/mutate?timeout=5s": dial tcp: refused',
    'failed to call webhook: Post "https://127.0.0.1:1/clusters/prod/***": dial tcp: refused',
  ],
  ["GET /clusters/prod/KEY/validate gave 404", "GET /clusters/prod/***/validate gave 404"],
  ["nothing secret", "nothing secret"],
] as const)("%s", ([text, shown]) => {
  expect(redactText(text)).toBe(shown);
  expect(redactText(shown)).toBe(shown);
});
