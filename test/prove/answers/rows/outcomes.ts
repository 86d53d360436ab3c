import { presets, targetsOf } from "../../../../lib/presets/index.ts";
import { created, denied, done, said } from "../expected.ts";
import type { Decided, Expected, Row, WriteRequest } from "../row.ts";

/*
 * What the library writes, as it is: whatever it decides, both kinds of webhook must be understood. There is a row for every reason, on
 * each endpoint.
 */

const field = "spec.clusterAuth.impersonateUser";
const declares = (identity: unknown): { readonly spec: unknown } => ({
  spec: { clusterAuth: { impersonateUser: identity } },
});
const replacedBy = (declared: string, who: string): string =>
  `299 - "${field}: \\"${declared}\\" replaced by \\"${who}\\", who may not impersonate it"`;
const groupsOf = (who: string): string =>
  `299 - "${field}: a controller that acts as \\"${who}\\" has none of your groups"`;

const foreign = "must not be in a Binding, because mustachetemplates/binding may store it in the object; leave it out";

/** A refusal by the rule. */
const forbidden = (message: string, more: Partial<Expected>): Expected =>
  denied(403, { reason: "Forbidden", message: `: ${message}` }, more);

/** A refusal of a value: the client gets the field as a cause. */
const invalid = (
  message: string,
  more: Partial<Expected>,
  { at = field, kind = "MustacheTemplate" }: { readonly at?: string; readonly kind?: string } = {},
): Expected =>
  denied(
    422,
    {
      reason: "Invalid",
      message: `: ${at}: ${message}`,
      details: {
        name: "{name}",
        group: "deploy.razee.io",
        kind,
        causes: [{ reason: "FieldValueInvalid", message, field: at }],
      },
    },
    more,
  );

interface Outcome {
  readonly name: string;
  readonly request?: WriteRequest;
  readonly decided?: Decided;
  readonly mutate: Expected;
  /** Where it is another one than on mutate. */
  readonly validate?: Expected;
}

const accounts = {
  policy: {
    targets: [
      {
        group: "deploy.razee.io",
        versions: ["*"],
        resources: ["featureflagsetsld"],
        fields: [{ path: "spec.serviceAccountName", serviceAccount: "name" }],
        onEmpty: "allow",
        emptyIsUnprivileged: true,
      },
    ],
  },
} as const;

const several = {
  policy: {
    targets: [
      {
        group: "deploy.razee.io",
        versions: ["*"],
        resources: ["featureflagsetsld"],
        fields: ["spec.runs[*].as"],
      },
    ],
  },
} as const;

const trusting = {
  policy: {
    targets: [
      {
        group: "deploy.razee.io",
        versions: ["*"],
        resources: ["mustachetemplates"],
        fields: ["spec.clusterAuth.impersonateUser"],
        writers: [{ username: "bob", copiesFrom: "remoteresources.deploy.razee.io" }],
      },
      {
        group: "deploy.razee.io",
        versions: ["*"],
        resources: ["remoteresources"],
        fields: ["spec.clusterAuth.impersonateUser"],
      },
    ],
  },
} as const;

const elsewhere = {
  policy: {
    targets: [{ group: "example.com", versions: ["v1"], resources: ["others"], fields: ["spec.as"] }],
  },
} as const;

const request = (change: (request: Record<string, unknown>) => void) => (text: string) => {
  const review = JSON.parse(text);
  change(review.request);
  return JSON.stringify(review);
};

const unanswered = (code: 502 | 503 | 504, failure: string): Decided => ({ answer: { code, failure } });
const notFoundOut = "whether bob may impersonate users/carl could not be found out";
const noAnswer = said("denied", "no-answer", "carl", "");
const unpatchable = said("denied", "forbidden", "carl", "");
const replaced = said("replaced", "forbidden", "carl", "bob");
const refusal = `${field}: bob may not impersonate "carl"; set it to "bob", or get the permission to impersonate users/carl`;
const filled = said("defaulted", "empty", "", "bob");
const unfilled = `${field} is empty; set it to "bob" or to an identity that bob may impersonate`;
const emptyRefused = forbidden(unfilled, said("denied", "empty", "", ""));
const unsafe = "is not printable ASCII without spaces at its ends and would not survive an HTTP header";

const outcomes: readonly Outcome[] = [
  {
    name: "skipped, enforcement-off",
    decided: { policy: { enforcement: "off" } },
    mutate: created("carl", said("skipped", "enforcement-off", "", "", { enforcement: "off" })),
  },
  {
    name: "skipped, operation",
    request: { operation: "DELETE" },
    mutate: done(undefined, said("skipped", "operation", "", "")),
  },
  {
    name: "skipped, subresource",
    decided: { review: request((of) => Object.assign(of, { subResource: "scale" })) },
    mutate: created("carl", said("skipped", "subresource", "", "")),
  },
  {
    name: "skipped, unchanged",
    request: { operation: "UPDATE", labels: { a: "b" } },
    mutate: done("carl", { ...said("skipped", "unchanged", "", ""), labels: { a: "b" } }),
  },
  {
    name: "skipped, status-writer",
    request: { operation: "UPDATE", labels: { a: "b" } },
    decided: {
      policy: { targets: [{ ...targetsOf(presets.razee)[0], statusWriters: ["bob"] }] },
      review: request((of) =>
        Object.assign(of, { subResource: "status", object: { ...Object(of["object"]), status: { children: "a" } } }),
      ),
    },
    mutate: done("carl", { ...said("skipped", "status-writer", "", ""), labels: { a: "b" } }),
  },
  {
    name: "skipped, no-field",
    request: { kind: "FeatureFlagSetLD", spec: {} },
    decided: several,
    mutate: created(undefined, said("skipped", "no-field", "", "")),
  },
  {
    name: "self, requester",
    request: declares("bob"),
    mutate: created("bob", said("self", "requester", "bob", "bob")),
  },
  {
    name: "permitted, may-impersonate",
    decided: { answer: { allowed: true, reason: "" } },
    mutate: created("carl", said("permitted", "may-impersonate", "carl", "carl")),
  },
  {
    name: "permitted, trusted-writer",
    decided: trusting,
    mutate: created("carl", said("permitted", "trusted-writer", "carl", "carl")),
  },
  {
    name: "permitted, unprivileged",
    decided: { policy: { targets: [{ ...targetsOf(presets.razee)[0], unprivileged: ["carl"] }] } },
    mutate: created("carl", said("permitted", "unprivileged", "carl", "carl")),
  },
  {
    name: "permitted, empty-allowed",
    request: { kind: "FeatureFlagSetLD", spec: {} },
    decided: accounts,
    mutate: created(undefined, said("permitted", "empty-allowed", "", "")),
  },
  {
    name: "defaulted, empty: no parent",
    request: { spec: {} },
    mutate: created("bob", { ...filled, mutated: true }),
    validate: emptyRefused,
  },
  {
    name: "defaulted, empty: an empty parent",
    request: { spec: { clusterAuth: {} } },
    mutate: created("bob", { ...filled, mutated: true }),
    validate: emptyRefused,
  },
  {
    name: 'defaulted, empty: ""',
    request: declares(""),
    mutate: created("bob", { ...filled, mutated: true }),
    validate: emptyRefused,
  },
  {
    name: "defaulted, empty: no spec",
    request: { kind: "FeatureFlagSetLD", spec: null },
    mutate: created("bob", { ...filled, mutated: true }),
    validate: emptyRefused,
  },
  {
    name: "defaulted, empty: a parent that is null",
    request: { kind: "FeatureFlagSetLD", spec: { clusterAuth: null } },
    mutate: created("bob", { ...filled, mutated: true }),
    validate: emptyRefused,
  },
  {
    name: "defaulted, empty: null",
    request: { kind: "FeatureFlagSetLD", ...declares(null) },
    mutate: created("bob", { ...filled, mutated: true }),
    validate: emptyRefused,
  },
  {
    name: "defaulted, empty: the requester has groups",
    request: { who: "gina", spec: {} },
    mutate: created("gina", {
      annotations: { ...filled.annotations, requester: "gina", effective: "gina" },
      warnings: [groupsOf("gina")],
      mutated: true,
    }),
    validate: forbidden(`${field} is empty; set it to "gina" or to an identity that gina may impersonate`, {
      annotations: { decision: "denied", reason: "empty", requester: "gina", declared: "", effective: "" },
    }),
  },
  {
    name: "replaced, forbidden",
    mutate: created("bob", { ...replaced, warnings: [replacedBy("carl", "bob")], mutated: true }),
    validate: forbidden(refusal, unpatchable),
  },
  {
    name: "replaced, forbidden: a dry run",
    request: { query: "?dryRun=All" },
    mutate: created("bob", { ...replaced, warnings: [replacedBy("carl", "bob")], mutated: true }),
    validate: forbidden(refusal, unpatchable),
  },
  {
    name: "replaced, forbidden: the requester has groups",
    request: { who: "gina" },
    mutate: created("gina", {
      annotations: { ...replaced.annotations, requester: "gina", effective: "gina" },
      warnings: [replacedBy("carl", "gina"), groupsOf("gina")],
      mutated: true,
    }),
    validate: forbidden(refusal.replaceAll("bob", "gina"), {
      annotations: { ...unpatchable.annotations, requester: "gina" },
    }),
  },
  {
    name: "replaced, inherited",
    request: { operation: "UPDATE", change: { spec: { strTemplates: ["a: 1"] } } },
    mutate: done("bob", {
      ...said("replaced", "inherited", "carl", "bob"),
      warnings: [`299 - "${field}: inherited \\"carl\\" replaced by \\"bob\\"; set the field yourself"`],
      mutated: true,
    }),
    validate: forbidden(
      `${field} still names "carl", which bob may not impersonate; set it to an identity that bob may impersonate`,
      said("denied", "inherited", "carl", ""),
    ),
  },
  {
    name: "replaced, several fields",
    request: { kind: "FeatureFlagSetLD", spec: { runs: [{ as: "bob" }, { as: "carl" }, {}] } },
    decided: several,
    mutate: created(undefined, {
      ...said("replaced", "forbidden", "carl", "bob", { field: "spec.runs[1].as", fields: "3" }),
      warnings: ['299 - "spec.runs[1].as: \\"carl\\" replaced by \\"bob\\", who may not impersonate it"'],
      mutated: true,
    }),
    validate: forbidden(
      'spec.runs[1].as: bob may not impersonate "carl"; set it to "bob", or get the permission to impersonate users/carl',
      said("denied", "forbidden", "carl", "", { field: "spec.runs[1].as", fields: "3" }),
    ),
  },
  {
    name: "denied 403, forbidden",
    decided: { policy: { targets: [{ preset: "razee", onForbidden: "deny" }] } },
    mutate: forbidden(
      `${field}: bob may not impersonate "carl"; get the permission to impersonate users/carl`,
      unpatchable,
    ),
  },
  {
    name: "denied 403, empty",
    request: { spec: {} },
    decided: { policy: { targets: [{ preset: "razee", onEmpty: "deny" }] } },
    mutate: forbidden(
      `${field} is empty; set it to an identity that bob may impersonate`,
      said("denied", "empty", "", ""),
    ),
  },
  {
    name: "denied 403, privileged-requester",
    request: { who: "razeedeploy", spec: {} },
    mutate: forbidden(
      `${field} would be set to "razeedeploy", which the controller treats as all-powerful; set it to "razeedeploy" if the object is meant to run as the controller, or to the identity that it should run as`,
      {
        annotations: {
          decision: "denied",
          reason: "privileged-requester",
          requester: "razeedeploy",
          declared: "",
          effective: "",
        },
      },
    ),
  },
  {
    name: "denied 403, narrowed-requester",
    request: { extra: { "scopes.authorization.openshift.io": "user:info" }, ...declares("bob") },
    mutate: forbidden(
      `${field} would grant all rights of "bob", but this token is limited by scopes.authorization.openshift.io; use an unscoped token`,
      said("denied", "narrowed-requester", "bob", ""),
    ),
  },
  {
    name: "denied 403, uncovered-resource",
    decided: elsewhere,
    mutate: forbidden(
      "policy razee does not cover mustachetemplates.v1alpha2.deploy.razee.io; add it to the policy, or remove it from the webhook configuration",
      said("denied", "uncovered-resource", "", ""),
    ),
  },
  {
    name: "denied 422, unsafe-requester",
    request: { who: "zo\u00eb", spec: {} },
    mutate: invalid(`would be set to "zo\u00eb", which ${unsafe}; declare another identity`, {
      annotations: {
        decision: "denied",
        reason: "unsafe-requester",
        requester: "zo\u00eb",
        declared: "",
        effective: "",
      },
    }),
  },
  {
    name: "denied 422, unsafe-name",
    request: declares("bob\u202e\n"),
    mutate: invalid(`"bob\\u202e\\u000a" ${unsafe}`, said("denied", "unsafe-name", "bob\\u202e\\u000a", "")),
  },
  {
    name: "denied 422, not-a-string",
    request: { kind: "FeatureFlagSetLD", ...declares(5) },
    mutate: invalid("must be a string, not the number 5", said("denied", "not-a-string", "", ""), {
      kind: "FeatureFlagSetLD",
    }),
  },
  {
    name: "denied 422, foreign-kind",
    decided: {
      policy: { targets: [{ ...targetsOf(presets.razee)[0], fields: ["metadata.name"] }] },
      review: request((of) => Object.assign(of, { subResource: "binding", kind: { group: "", kind: "Binding" } })),
    },
    mutate: denied(
      422,
      {
        reason: "Invalid",
        message: `: metadata.name: ${foreign}`,
        details: {
          name: "{name}",
          kind: "Binding",
          causes: [{ reason: "FieldValueInvalid", message: foreign, field: "metadata.name" }],
        },
      },
      said("denied", "foreign-kind", "", ""),
    ),
  },
  {
    name: "denied 422, parent-not-an-object",
    request: { kind: "FeatureFlagSetLD", spec: { clusterAuth: ["bob"] } },
    mutate: invalid("must be an object, not a list", said("denied", "parent-not-an-object", "", ""), {
      at: "spec.clusterAuth",
      kind: "FeatureFlagSetLD",
    }),
  },
  {
    name: "denied 422, letter-case",
    request: { kind: "FeatureFlagSetLD", spec: { ClusterAuth: { impersonateUser: "bob" } } },
    decided: { policy: { targets: [{ ...targetsOf(presets.razee)[0], ignoresLetterCase: true }] } },
    mutate: invalid(
      "must be written clusterAuth, because the controller may read it in any letter case",
      said("denied", "letter-case", "", ""),
      { at: "spec.ClusterAuth", kind: "FeatureFlagSetLD" },
    ),
  },
  {
    name: "denied 422, too-many-identities",
    request: {
      kind: "FeatureFlagSetLD",
      spec: { runs: Array.from({ length: 65 }, (_, index) => ({ as: `user-${index}` })) },
    },
    decided: several,
    mutate: denied(
      422,
      {
        reason: "Invalid",
        message:
          ": the object names so many identities that 65 questions would be asked, of 64 at most; split the object",
        details: {
          name: "{name}",
          group: "deploy.razee.io",
          kind: "FeatureFlagSetLD",
          causes: [
            {
              reason: "FieldValueInvalid",
              message:
                "the object names so many identities that 65 questions would be asked, of 64 at most; split the object",
              field: "spec.runs[0].as",
            },
          ],
        },
      },
      said("denied", "too-many-identities", "", ""),
    ),
  },
  {
    name: "denied 500, malformed-review",
    decided: { review: request((of) => Object.assign(of, { operation: 5 })) },
    mutate: denied(
      500,
      { reason: "InternalError", message: ": request.operation is not a string" },
      { annotations: { ...said("denied", "malformed-review", "", "").annotations, requester: "" } },
    ),
  },
  {
    name: "denied 500, no-requester",
    decided: { review: request((of) => Object.assign(of, { userInfo: {} })) },
    mutate: denied(
      500,
      { reason: "InternalError", message: ": request.userInfo.username is empty or not a string" },
      { annotations: { ...said("denied", "no-requester", "", "").annotations, requester: "" } },
    ),
  },
  {
    name: "denied 500, no-object",
    decided: { review: request((of) => Object.assign(of, { object: null })) },
    mutate: denied(
      500,
      { reason: "InternalError", message: ": request.object is not an object" },
      said("denied", "no-object", "", ""),
    ),
  },
  {
    name: "denied 500, no-old-object",
    decided: { review: request((of) => Object.assign(of, { operation: "UPDATE" })) },
    mutate: denied(
      500,
      {
        reason: "InternalError",
        message: ": request.oldObject is not an object, so the change cannot be judged",
      },
      said("denied", "no-old-object", "", ""),
    ),
  },
  // metav1.StatusReason has no word for 502.
  {
    name: "denied 502, no-answer",
    decided: unanswered(502, "the SubjectAccessReview came back without a status"),
    mutate: denied(502, { message: `: ${notFoundOut}: the SubjectAccessReview came back without a status` }, noAnswer),
  },
  {
    name: "denied 503, no-answer",
    decided: unanswered(503, 'the API server of cluster "prod" cannot be reached (ECONNREFUSED)'),
    mutate: denied(
      503,
      {
        reason: "ServiceUnavailable",
        message: `: ${notFoundOut}: the API server of cluster "prod" cannot be reached (ECONNREFUSED)`,
      },
      noAnswer,
    ),
  },
  {
    name: "denied 504, no-answer",
    decided: unanswered(504, 'the API server of cluster "prod" did not answer within 850 ms'),
    mutate: denied(
      504,
      {
        reason: "Timeout",
        message: `: ${notFoundOut}: the API server of cluster "prod" did not answer within 850 ms`,
      },
      noAnswer,
    ),
  },
  {
    name: "replaced, in audit mode",
    decided: { policy: { enforcement: "audit" } },
    mutate: created("carl", {
      ...said("replaced", "forbidden", "carl", "bob", { enforcement: "audit" }),
      warnings: [
        `299 - "audit (not enforced): ${field}: \\"carl\\" replaced by \\"bob\\", who may not impersonate it"`,
      ],
    }),
    validate: created("carl", {
      ...said("denied", "forbidden", "carl", "", { enforcement: "audit" }),
      warnings: [
        `299 - "audit (not enforced): ${field}: \\"carl\\" replaced by \\"bob\\", who may not impersonate it"`,
      ],
    }),
  },
  {
    name: "denied, in audit mode",
    request: declares("zo\u00eb"),
    decided: { policy: { enforcement: "audit" } },
    mutate: created("zo\u00eb", {
      ...said("denied", "unsafe-name", "zo\u00eb", "", { enforcement: "audit" }),
      warnings: [`299 - "audit (not enforced): ${field}: \\"zo\u00eb\\" ${unsafe}"`],
    }),
  },
];

export const outcomeRows: readonly Row[] = outcomes.flatMap(({ mutate, validate, ...rest }): readonly Row[] => {
  // Nothing of the record of mutations stands in the validating webhook's.
  const { mutated: _, ...same } = mutate;
  const row = { class: "our answers as they are", ...rest } as const;
  return [
    { ...row, registration: "mutate", expected: mutate },
    { ...row, registration: "validate", expected: validate ?? same },
  ];
});
