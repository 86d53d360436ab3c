import { expect, test } from "vitest";
import { isOfForeignOrigin } from "../../../../functions/proxy/foreign-origin.ts";
import type { HeaderLine } from "../../../../lib/proxy/index.ts";

test.each<readonly [string, readonly HeaderLine[], boolean]>([
  ["no Origin", [["Host", "proxy:8444"]], false],
  [
    "its own",
    [
      ["Host", "proxy:8444"],
      ["Origin", "https://proxy:8444"],
    ],
    false,
  ],
  [
    "its own, over HTTP/2",
    [
      [":authority", "proxy"],
      ["origin", "https://proxy"],
    ],
    false,
  ],
  [
    "its own with capitals",
    [
      ["Host", "Proxy"],
      ["ORIGIN", "https://pRoxy"],
    ],
    false,
  ],
  [
    "its own with the usual port",
    [
      ["Host", "proxy:443"],
      ["Origin", "https://proxy"],
    ],
    false,
  ],
  [
    "the usual port where the host has none",
    [
      ["Host", "proxy"],
      ["Origin", "https://proxy:443"],
    ],
    false,
  ],
  [
    "another port",
    [
      ["Host", "proxy:8444"],
      ["Origin", "https://proxy"],
    ],
    true,
  ],
  [
    "another host",
    [
      ["Host", "proxy"],
      ["Origin", "https://evil.example"],
    ],
    true,
  ],
  [
    "a host that begins with it",
    [
      ["Host", "proxy"],
      ["Origin", "https://proxy.evil.example"],
    ],
    true,
  ],
  [
    "without TLS",
    [
      ["Host", "proxy"],
      ["Origin", "http://proxy"],
    ],
    true,
  ],
  [
    "none that it tells",
    [
      ["Host", "proxy"],
      ["Origin", "null"],
    ],
    true,
  ],
  [
    "an empty one",
    [
      ["Host", "proxy"],
      ["Origin", ""],
    ],
    true,
  ],
  [
    "its own and another",
    [
      ["Host", "proxy"],
      ["Origin", "https://proxy"],
      ["Origin", "https://evil.example"],
    ],
    true,
  ],
  [
    "a path behind it",
    [
      ["Host", "proxy"],
      ["Origin", "https://proxy/a"],
    ],
    true,
  ],
])("%s", (_what, lines, expected) => {
  expect(isOfForeignOrigin(lines)).toBe(expected);
});
