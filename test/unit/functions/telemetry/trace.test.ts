import { describe, expect, test } from "vitest";
import { traceIdOf, xrayTraceIdOf } from "../../../../functions/telemetry/trace.ts";

const trace = "4bf92f3577b34da6a3ce929d0e0e4736";
const parent = "00f067aa0ba902b7";

describe("a traceparent", () => {
  test.each([
    ["of version 00", `00-${trace}-${parent}-01`],
    ["that is not sampled", `00-${trace}-${parent}-00`],
    ["of a later version", `01-${trace}-${parent}-01`],
    ["of a later version, with more fields", `cc-${trace}-${parent}-01-what-the-future-will-be`],
    ["of a later version, with nothing behind the last dash", `fe-${trace}-${parent}-01-`],
  ])("%s gives its trace id", (_, header) => {
    expect(traceIdOf(header)).toBe(trace);
  });

  test.each([
    ["nothing", ""],
    ["a trace id alone", trace],
    ["version ff", `ff-${trace}-${parent}-01`],
    ["version 00 with more fields", `00-${trace}-${parent}-01-more`],
    ["version 00 with a dash at the end", `00-${trace}-${parent}-01-`],
    ["a later version, with more text and no dash", `01-${trace}-${parent}-01more`],
    ["upper case", `00-${trace.toUpperCase()}-${parent}-01`],
    ["an upper-case version", `0A-${trace}-${parent}-01`],
    ["a trace id of zeros", `00-${"0".repeat(32)}-${parent}-01`],
    ["a parent of zeros", `00-${trace}-${"0".repeat(16)}-01`],
    ["a short trace id", `00-${trace.slice(1)}-${parent}-01`],
    ["a long trace id", `00-${trace}0-${parent}-01`],
    ["a short parent", `00-${trace}-${parent.slice(1)}-01`],
    ["no flags", `00-${trace}-${parent}`],
    ["flags that are not hexadecimal", `00-${trace}-${parent}-0x`],
    ["a space in front", ` 00-${trace}-${parent}-01`],
    ["a line break at the end", `00-${trace}-${parent}-01\n`],
    ["a line break after a later version", `01-${trace}-${parent}-01-\n{"level":"INFO"}`],
  ])("that is %s is ignored", (_, header) => {
    expect(traceIdOf(header)).toBeUndefined();
  });
});

describe("an X-Ray header", () => {
  const root = "1-5759e988-bd862e3fe1be46a994272793";

  test.each([`Root=${root}`, `Root=${root};Parent=53995c3f42cd8ad8;Sampled=1`, `Self=1-1-1;Root=${root};Lineage=a:0`])(
    "%s gives its root",
    (header) => {
      expect(xrayTraceIdOf(header)).toBe(root);
    },
  );

  test.each([undefined, "", root, "Root=", `Root=${root}0`, `NotRoot=${root}`, `Root=${root}\n`])(
    "%j is ignored",
    (header) => {
      expect(xrayTraceIdOf(header)).toBeUndefined();
    },
  );
});
