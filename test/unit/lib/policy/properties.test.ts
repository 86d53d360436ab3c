import fc from "fast-check";
import { expect, test } from "vitest";
import { PolicyError, readPolicy } from "../../../../lib/index.ts";

const target = { group: "g.example", versions: ["v1"], resources: ["things"], fields: ["spec.runAs"] };
const withTarget = (change: object) => ({ name: "mine", targets: [{ ...target, ...change }] });

test("every content of a file is a policy, or is refused in a sentence", () => {
  const known = fc.constantFrom(
    ...["name", "targets", "enforcement", "narrowing", "preset", "group", "versions", "resources", "fields", "path"],
    ...["serviceAccount", "namespaceKey", "statusPaths", "privileged", "onForbidden", "onEmpty", "default", "writers"],
    ...["permission", "emptyIsUnprivileged", "emptyStandsFor", "onPrivilegedRequester", "statusWriters", "controller"],
    ...["__proto__", "constructor"],
  );
  const leaf = fc.oneof(
    fc.constantFrom<unknown>(
      "razee",
      "v1",
      "*",
      "things",
      "spec.a",
      "status.a",
      "spec.serviceAccountName",
      "name",
      "deny",
      "allow",
      true,
      null,
      undefined,
      "",
    ),
    fc.jsonValue(),
  );
  const tree = fc.letrec<{ node: unknown; object: object }>((tie) => ({
    node: fc.oneof({ depthSize: "small" }, leaf, fc.array(tie("node"), { maxLength: 3 }), tie("object")),
    object: fc.dictionary(known, tie("node"), { maxKeys: 5 }),
  }));
  const broken = fc
    .tuple(tree.object, tree.object)
    .map(([top, inner]) => ({ name: "mine", targets: [{ ...target, ...inner }], ...top }));
  fc.assert(
    fc.property(
      fc.oneof(
        tree.node,
        broken,
        tree.object.map((change) => withTarget(change)),
      ),
      (value) => {
        try {
          readPolicy(value);
        } catch (error) {
          expect(error).toBeInstanceOf(PolicyError);
          const { message } = error as PolicyError;
          expect(message).toMatch(
            /^policy .*(must|is missing|is not a member|is covered|leads|ends in|needs|contradicts|is a privileged|is no service)/,
          );
          expect(message).not.toMatch(/Invalid|Expected|\[object|undefined/);
        }
      },
    ),
    { numRuns: 400 },
  );
});
