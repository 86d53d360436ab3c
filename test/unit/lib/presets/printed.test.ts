import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { withoutPresets } from "../../../../lib/index.ts";
import { type PresetOption, presets } from "../../../../lib/presets/index.ts";

const other = {
  username: "system:serviceaccount:other:other",
  namespace: "other",
  "service account": "other",
} as const;

describe.each(Object.entries(presets))("the preset %s", (preset, { project, options }) => {
  const all: readonly (readonly [string, PresetOption])[] = Object.entries(options);
  const printed = (given: object): string =>
    stringify(withoutPresets({ name: preset, targets: [{ preset, ...given }] }), {
      aliasDuplicateObjects: false,
      lineWidth: 0,
    });

  test("stands for the text in printed/", async () => {
    const changed = Object.fromEntries(
      all.map(([name, { is }]) => [name, typeof is === "string" ? other[is] : (is.at(-1) as string)]),
    );
    const text = [
      "# Without options",
      printed({}),
      ...(all.length > 0 ? [`# ${JSON.stringify(changed)}`, printed(changed)] : []),
    ].join("\n");
    await expect(text).toMatchFileSnapshot(`printed/${preset}.yaml`);
  });

  test("names the versions that were read, and says what each option is", () => {
    expect(project).toMatch(/^\S+ \d+\.\d+\.\d+(, \S+ \d+\.\d+\.\d+)*$/);
    for (const [, { text }] of all) expect(text).toMatch(/^(the|whether) .{10}/);
  });
});
