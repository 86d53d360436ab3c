import { describe, expect, test } from "vitest";
import { guardUrl, hostOf } from "../../../../infra/command-line/guard-url.ts";
import { UsageError } from "../../../../infra/command-line/usage.ts";

const host = "https://guard.example.com";

describe("the URL of the function", () => {
  test.each([
    [`${host}/clusters/prod/KEY`, `${host}/clusters/prod/KEY`],
    [`${host}/clusters/prod/KEY/`, `${host}/clusters/prod/KEY`],
    [`${host}/clusters/prod/KEY//`, `${host}/clusters/prod/KEY`],
    ["HTTPS://Guard.example.com/clusters/prod/KEY", `${host}/clusters/prod/KEY`],
    [`${host}:443/clusters/prod/KEY`, `${host}/clusters/prod/KEY`],
    [`${host}:8443/clusters/prod/KEY`, `${host}:8443/clusters/prod/KEY`],
    ["https://172.17.0.1:8443/clusters/local/a_-9", "https://172.17.0.1:8443/clusters/local/a_-9"],
    ["https://[fd00::1]:8443/clusters/local/KEY", "https://[fd00::1]:8443/clusters/local/KEY"],
    // A private API has a stage in front of each path.
    [`${host}/v1/clusters/prod/KEY`, `${host}/v1/clusters/prod/KEY`],
    // An API server that sends the key as a bearer token.
    [`${host}/clusters/prod`, `${host}/clusters/prod`],
    // Without a key, only npm start on this machine.
    ["https://localhost:8443", "https://localhost:8443"],
    ["https://127.0.0.1:8443/", "https://127.0.0.1:8443"],
    ["https://[::1]:8443", "https://[::1]:8443"],
  ])("%s", (text, url) => {
    expect(guardUrl("--url", text)).toBe(url);
  });

  const scheme = "must start with https:// and hold a host and a path only";
  const parts = "must hold a host and a path only; remove what follows ? or #, and USER@";
  const blank = "holds a blank, a backslash or a character that is not ASCII; remove it";
  const segment = "has a path with an empty part, or with other letters than A-Z a-z 0-9 . _ ~ -";
  const cluster = "must end in /clusters/CLUSTER/KEY, as npm run -s key -- CLUSTER prints it";
  const port = "has no host, or a port that is not from 1 to 65535; write HOST or HOST:PORT";
  test.each([
    ["guard.example.com/clusters/prod/KEY", scheme],
    ["http://guard.example.com/clusters/prod/KEY", scheme],
    ["https:/guard.example.com/clusters/prod/KEY", scheme],
    [` ${host}/clusters/prod/KEY`, scheme],
    [`https://${host}/clusters/prod/KEY`, "holds a scheme twice; write https:// once"],
    ["https://https:/clusters/prod/KEY", "holds a scheme twice; write https:// once"],
    [`${host}/clusters/prod/KEY `, blank],
    [`${host}/clusters/prod/KEY\n`, blank],
    [`${host}/clusters/pr od/KEY`, blank],
    [`${host}\\clusters\\prod\\KEY`, blank],
    ["https://gu\u00e4rd.example.com/clusters/prod/KEY", blank],
    [`${host}/clusters/prod/KEY?timeout=5s`, parts],
    [`${host}/clusters/prod/KEY?`, parts],
    [`${host}/clusters/prod/KEY#`, parts],
    [`${host}/clusters/prod/KEY#a`, parts],
    ["https://me@guard.example.com/clusters/prod/KEY", parts],
    ["https://:secret@guard.example.com/clusters/prod/KEY", parts],
    ["https://@guard.example.com/clusters/prod/KEY", parts],
    ["https:///clusters/prod/KEY", port],
    [`${host}:0/clusters/prod/KEY`, port],
    [`${host}:65536/clusters/prod/KEY`, port],
    [`${host}:https/clusters/prod/KEY`, port],
    ["https://1/clusters/prod/KEY", "must write its host as 0.0.0.1"],
    ["https://0x7f.1/clusters/prod/KEY", "must write its host as 127.0.0.1"],
    [`${host}//clusters/prod/KEY`, segment],
    [`${host}/clusters/prod//KEY`, segment],
    [`${host}/clusters/prod/K%45Y`, segment],
    [`${host}/clusters/../KEY`, "has a path with . or .. in it; write the path that is meant"],
    [`${host}/clusters/./KEY`, "has a path with . or .. in it; write the path that is meant"],
    [`${host}/clusters/prod/KEY/mutate`, "must not end in /mutate or /validate; they are appended"],
    [`${host}/clusters/prod/KEY/validate/`, "must not end in /mutate or /validate; they are appended"],
    [host, cluster],
    [`${host}/`, cluster],
    [`${host}/clusters`, cluster],
    [`${host}/prod/KEY`, cluster],
    [`${host}/clusters/prod/KEY/more`, cluster],
    [`${host}/clusters/${"x".repeat(64)}/KEY`, cluster],
    ["https://172.17.0.1:8443", cluster],
    ["https://localhost.example.com", cluster],
  ])("%j is refused", (text, sentence) => {
    expect(() => guardUrl("--url", text)).toThrow(new UsageError(`--url ${sentence}`));
  });
});

describe("the host of the function", () => {
  test.each(["guard.example.com", "guard.example.com:8443", "172.17.0.1", "[fd00::1]:8443", "guard.example.com/v1"])(
    "%s",
    (text) => {
      expect(hostOf("--host", text)).toBe(text);
    },
  );

  test.each([
    [host, "is a URL; give its host alone, as in --host guard.example.com"],
    [`${host}/`, "is a URL; give its host alone, as in --host guard.example.com"],
    ["http://guard.example.com:80", "is a URL; give its host alone, as in --host guard.example.com:80"],
    ["guard.example.com/", "has a path with an empty part, or with other letters than A-Z a-z 0-9 . _ ~ -"],
    ["guard.example.com/clusters/prod", "must end before /clusters"],
    ["guard.example.com?a", "must hold a host and a path only; remove what follows ? or #, and USER@"],
    ["me@guard.example.com", "must hold a host and a path only; remove what follows ? or #, and USER@"],
    ["guard example.com", "holds a blank, a backslash or a character that is not ASCII; remove it"],
    ["guard.example.com:x", "has no host, or a port that is not from 1 to 65535; write HOST or HOST:PORT"],
    ["/v1", "has no host, or a port that is not from 1 to 65535; write HOST or HOST:PORT"],
  ])("%j is refused", (text, sentence) => {
    expect(() => hostOf("--host", text)).toThrow(new UsageError(`--host ${text} ${sentence}`));
  });
});
