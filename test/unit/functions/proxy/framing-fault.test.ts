import { expect, test } from "vitest";
import { framingFault } from "../../../../functions/proxy/framing-fault.ts";
import type { HeaderLine } from "../../../../lib/proxy/index.ts";

const host: HeaderLine = ["Host", "a"];

test.each<readonly [string, readonly HeaderLine[], string | undefined]>([
  ["HTTP/1.1", [host], undefined],
  ["HTTP/2", [[":authority", "a"]], undefined],
  [
    "HTTP/2 with the same host",
    [
      [":authority", "a"],
      ["host", "a"],
    ],
    undefined,
  ],
  [
    "HTTP/2 with another host",
    [
      [":authority", "a"],
      ["host", "b"],
    ],
    "one host",
  ],
  ["no host", [], "one host"],
  ["two hosts", [host, host], "two Host headers"],
  ["chunks", [host, ["Transfer-Encoding", "Chunked"]], undefined],
  ["chunks and a length", [host, ["transfer-encoding", "chunked"], ["content-length", "1"]], "beside"],
  ["two codings", [host, ["Transfer-Encoding", "gzip, chunked"]], "chunked"],
  ["a coding twice", [host, ["Transfer-Encoding", "chunked"], ["Transfer-Encoding", "chunked"]], "chunked"],
  ["a length", [host, ["Content-Length", "12"]], undefined],
  ["two lengths", [host, ["Content-Length", "1"], ["Content-Length", "1"]], "one number"],
  ["a length with a sign", [host, ["Content-Length", "+1"]], "one number"],
])("%s", (_name, lines, fault) => {
  if (fault === undefined) expect(framingFault(lines)).toBeUndefined();
  else expect(framingFault(lines)).toContain(fault);
});
