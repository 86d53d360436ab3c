import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  admissionPolicies,
  askerRoles,
  type WebhookConfiguration,
  webhookConfigurations,
} from "../../lib/manifests/index.ts";
import { readPolicy } from "../../lib/policy/index.ts";
import { presets } from "../../lib/presets/index.ts";
import { type Ran, runCommand } from "../support/command.ts";
import { applied } from "./world/applied.ts";
import { anything, defineKinds, list, object, text } from "./world/define-kinds.ts";
import { type KeyedFunction, startKeyedFunction } from "./world/keyed-function.ts";
import { create, template } from "./world/objects.ts";
import { type OwnCluster, startOwnCluster } from "./world/own-cluster.ts";
import { policiesInForce } from "./world/policies-in-force.ts";
import { until } from "./world/until.ts";
import { webhookUser } from "./world/users.ts";

interface Line {
  readonly check: string;
  readonly status: string;
  readonly message: string;
  readonly fix: string;
}

const policy = readPolicy({ name: "razee", targets: [{ preset: "razee" }] });
const rbac = { apiVersion: "rbac.authorization.k8s.io/v1" };
const replace = "npm run -s manifests -- --url URL | kubectl replace -f -";
const apply = "npm run -s manifests -- --url URL | kubectl apply -f -";

let plane: OwnCluster;
let guard: KeyedFunction;
let files: { readonly ordinary: string; readonly admin: string; readonly asker: string };

/** The permissions that a user of the doctor needs besides those of every author of these objects. */
const doctorRoles = [
  {
    ...rbac,
    kind: "ClusterRole",
    metadata: { name: "doctor" },
    rules: [
      {
        apiGroups: ["admissionregistration.k8s.io"],
        resources: [
          "mutatingwebhookconfigurations",
          "validatingwebhookconfigurations",
          "mutatingadmissionpolicies",
          "mutatingadmissionpolicybindings",
          "validatingadmissionpolicies",
          "validatingadmissionpolicybindings",
        ],
        verbs: ["list"],
      },
      { apiGroups: ["apiextensions.k8s.io"], resources: ["customresourcedefinitions"], verbs: ["get"] },
      { apiGroups: [""], resources: ["configmaps"], resourceNames: ["razeedeploy-config"], verbs: ["get"] },
      { apiGroups: ["apps"], resources: ["deployments"], verbs: ["list"] },
    ],
  },
  {
    ...rbac,
    kind: "ClusterRoleBinding",
    metadata: { name: "doctor" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "doctor" },
    subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "bob" }],
  },
];

/** A part of these permissions. */
const doctorRolesInPart = doctorRoles.map((manifest) => ({
  ...manifest,
  metadata: { name: "doctor-in-part" },
  ...("rules" in manifest
    ? {
        rules: [
          {
            apiGroups: ["admissionregistration.k8s.io"],
            resources: ["mutatingwebhookconfigurations", "validatingwebhookconfigurations"],
            verbs: ["list"],
          },
        ],
      }
    : {
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "doctor-in-part" },
        subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "gina" }],
      }),
}));

const configurations = (): readonly [WebhookConfiguration, WebhookConfiguration] =>
  webhookConfigurations({
    policy,
    client: { url: guard.url },
    caBundle: Buffer.from(guard.ca).toString("base64"),
  });

/** The ConfigMap that makes Razee's controllers use the field. */
const razeeConfig = (value: string) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "razeedeploy-config", namespace: "razeedeploy" },
  data: { "enable-impersonation": value },
});

/** Waits until the API server calls new webhooks. */
const inForce = (expected: unknown) =>
  until("the webhooks are in force", async () => {
    const { body } = await create(plane, plane.user("bob"), template("default", "probe"), "?dryRun=All");
    return (body.spec?.clusterAuth?.impersonateUser ?? body.code) === expected;
  });

const install = async (): Promise<void> => {
  await applied(plane, configurations());
  // Members that the manifests do not mention survive an apply.
  const stdin = { apiVersion: "v1", kind: "List", items: configurations() };
  const { code, stderr } = await plane.kubectl(plane.user("admin"), ["replace", "-f", "-"], { stdin });
  if (code !== 0) throw new Error(stderr);
  await inForce("bob");
};

const patch = async (part: "mutating" | "validating", operations: readonly object[]): Promise<void> => {
  const { status, text } = await plane.api(plane.user("admin"), {
    method: "PATCH",
    path: `/apis/admissionregistration.k8s.io/v1/${part}webhookconfigurations/impersonation-admission`,
    body: operations,
    contentType: "application/json-patch+json",
  });
  if (status !== 200) throw new Error(text);
};

const remove = (path: string) => plane.api(plane.user("admin"), { method: "DELETE", path });

/** Runs without the configuration of the user who runs the suite. */
const run = (...args: readonly string[]): Promise<Ran> =>
  runCommand("doctor", args, { environment: { HOME: "/nowhere" } });

/** Runs the doctor as bob, an ordinary author, with the asker's kubeconfig. */
const examine = async (
  ...more: readonly string[]
): Promise<{ readonly status: number | null; readonly lines: readonly Line[] }> => {
  const asker = more.includes("--asker-kubeconfig") ? [] : ["--asker-kubeconfig", files.asker];
  const { status, stdout, stderr } = await run("--kubeconfig", files.ordinary, ...asker, "-o", "json", ...more);
  expect(stderr).toBe("");
  for (const secret of [guard.key, "ANOTHER-KEY"]) expect(stdout).not.toContain(secret);
  return { status, lines: JSON.parse(stdout) };
};

/** A warning that a measured call took longer than a second, which is right where this machine is busy. */
const isRightlySlow = ({ check, status, message }: Line): boolean =>
  (check === "function" || check === "round-trip") &&
  status === "warn" &&
  Number(/ (\d+) ms .*\(median of 3/.exec(message)?.[1]) > 1_000;
const notOk = (lines: readonly Line[]): readonly Line[] =>
  lines.filter((line) => line.status !== "ok" && !isRightlySlow(line));
const shownUrl = (): string => guard.url.replace(/[^/]+$/, "***");

beforeAll(async () => {
  plane = await startOwnCluster(["mustachetemplates", "remoteresourcess3"]);
  files = {
    ordinary: plane.kubeconfigOf("bob"),
    admin: plane.kubeconfigOf("admin"),
    asker: plane.kubeconfigOf(webhookUser),
  };
  await applied(plane, [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: "razeedeploy" } },
    ...doctorRoles,
    ...doctorRolesInPart,
  ]);
  guard = await startKeyedFunction(files.asker);
});
afterAll(async () => {
  await guard?.stop();
  await plane?.stop();
});

test("a cluster without any configuration: every finding says what to do", async () => {
  const { status, lines } = await examine();
  expect(status).toBe(1);
  expect(lines).toEqual([
    {
      check: "asker",
      status: "fail",
      message: expect.stringMatching(
        /^the function's questions to this cluster get no answer: .* may not create subjectaccessreviews/,
      ),
      fix: `check that the credentials in the registry are valid, and grant their user create on subjectaccessreviews: ${apply} (--asker sets the username)`,
    },
    { check: "asker-excess", status: "ok", message: `${webhookUser} has no other permissions`, fix: "" },
    {
      check: "mutating",
      status: "fail",
      message:
        "the MutatingWebhookConfiguration impersonation-admission is missing, so identity fields are not set, and the validating webhook refuses an object whose field would have to be set",
      fix: apply,
    },
    {
      check: "validating",
      status: "fail",
      message:
        "the ValidatingWebhookConfiguration impersonation-admission is missing, so another webhook can change the field after ours, and the final object is not checked",
      fix: apply,
    },
    {
      check: "versions",
      status: "ok",
      message:
        "2 resources are covered in every served version; not installed: remoteresources, encryptedresources and featureflagsetsld of deploy.razee.io",
      fix: "",
    },
    { check: "paths", status: "ok", message: "6 paths of the policy are in the schemas", fix: "" },
    {
      check: "status",
      status: "ok",
      message: "no served version stores the status with the object",
      fix: "",
    },
    {
      check: "razee-config",
      status: "fail",
      message:
        "the guard has no effect: ConfigMap razeedeploy/razeedeploy-config does not exist, so Razee's controllers set every object to razeedeploy and act as their own account, which may do everything",
      fix: "kubectl create configmap razeedeploy-config -n razeedeploy --from-literal=enable-impersonation=true",
    },
    {
      check: "other-writers",
      status: "ok",
      message: "no other webhook or admission policy writes these resources",
      fix: "",
    },
    {
      check: "dry-run",
      status: "fail",
      message:
        'mustachetemplates, remoteresourcess3: with no name declared, spec.clusterAuth.impersonateUser is empty in the reply, but must be "bob"',
      fix: "check that the registry names this policy for the cluster, that the registry is deployed, and that both webhook configurations are installed",
    },
  ]);
});

describe("a guarded cluster", () => {
  beforeAll(async () => {
    await applied(plane, [...askerRoles(webhookUser), razeeConfig("true")]);
    await install();
  });

  test("every check passes", async () => {
    const { status, lines } = await examine("--url", guard.url);
    expect(notOk(lines)).toEqual([]);
    expect(status).toBe(0);
    expect(lines.map(({ check }) => check)).toEqual([
      "asker",
      "asker-excess",
      "mutating",
      "validating",
      "url",
      "mutating-policy",
      "validating-policy",
      "failure-policy",
      "ca-bundle",
      "versions",
      "paths",
      "status",
      "razee-config",
      "other-writers",
      "function",
      "dry-run",
      "round-trip",
    ]);
    const messages = Object.fromEntries(lines.map(({ check, message }) => [check, message]));
    expect(messages["url"]).toBe(`every webhook calls ${shownUrl()}`);
    expect(messages["dry-run"]).toBe(
      "2 resources are judged for bob as the rule requires (own name: self, no name: defaulted, other name: replaced)",
    );
    expect(messages["function"]).toMatch(/accepts the key and answers in \d+ ms from this machine \(median of 3\)$/);
    expect(messages["round-trip"]).toMatch(/^a create of mustachetemplates takes \d+ ms \(median of 3 dry runs\)$/);
  });

  test("as a table", async () => {
    const { status, stdout } = await run("--kubeconfig", files.ordinary, "--asker-kubeconfig", files.asker);
    expect(status).toBe(0);
    expect(stdout).toMatch(
      /^STATUS {2}CHECK {14}MESSAGE\nok {6}asker {14}the user of context cluster may create subjectaccessreviews$/m,
    );
    const slow = [...stdout.matchAll(/^warn {4}round-trip .* takes \d{4,} ms /gm)].length;
    expect(stdout.endsWith(`\n\n${16 - slow} ok, ${slow} to look at, 0 failed\n`)).toBe(true);
    expect(stdout).not.toContain(guard.key);
  });

  test("an administrator is warned about what the dry runs could not test", async () => {
    const { status, stdout } = await run("--kubeconfig", files.admin, "-o", "json");
    expect(status).toBe(0);
    expect(notOk(JSON.parse(stdout))).toEqual([
      {
        check: "asker",
        status: "warn",
        message: "the function's identity on this cluster was not checked",
        fix: "give the function's registry with --asker-kubeconfig, and its context with --asker-context",
      },
      {
        check: "dry-run",
        status: "warn",
        message: "admin may impersonate every user, so the dry runs tested no refusal",
        fix: "run the doctor again as an ordinary user, who may create these resources but may not impersonate other users",
      },
    ]);
  });

  test("a user with a part of the permissions is told what was not checked", async () => {
    const { status, stdout } = await run(
      "--kubeconfig",
      plane.kubeconfigOf("gina"),
      "--asker-kubeconfig",
      files.asker,
      "-o",
      "json",
    );
    expect(status).toBe(0);
    expect(notOk(JSON.parse(stdout))).toEqual([
      {
        check: "paths",
        status: "warn",
        message: expect.stringMatching(
          /^not checked: the schema, the conversion and the status of mustachetemplates\.deploy\.razee\.io, remoteresourcess3\.deploy\.razee\.io: customresourcedefinitions.* is forbidden/,
        ),
        fix: "run the doctor as a user who may get customresourcedefinitions",
      },
      {
        check: "razee-config",
        status: "warn",
        message: expect.stringMatching(
          /^not checked: whether Razee's controllers impersonate at all: ConfigMap razeedeploy\/razeedeploy-config cannot be read: .* is forbidden/,
        ),
        fix: "run the doctor as a user who may get configmaps/razeedeploy-config in namespace razeedeploy",
      },
      {
        check: "other-writers",
        status: "warn",
        message: expect.stringMatching(
          /^the MutatingAdmissionPolicies could not be listed, so the doctor cannot tell whether one of them writes the field: .*forbidden/,
        ),
        fix: "run the doctor as a user who may list mutatingadmissionpolicies",
      },
    ]);
  });

  describe("with a fault", () => {
    const line = (lines: readonly Line[], check: string): readonly Omit<Line, "check">[] =>
      lines.filter((each) => each.check === check).map(({ check: _, ...rest }) => rest);
    const restored = async (): Promise<void> => {
      guard.delay = 0;
      guard.livezDelay = 0;
      guard.known = true;
      await install();
    };
    afterEach(restored);

    test.for([
      {
        what: "has a permission to change objects",
        rule: { apiGroups: [""], resources: ["users"], resourceNames: ["root"], verbs: ["impersonate"] },
        status: "fail",
        message: `${webhookUser} has permissions that the function must not have: impersonate users/root`,
        fix: `remove these permissions from ${webhookUser}; it needs only create on subjectaccessreviews`,
      },
      {
        what: "has a permission to read objects",
        rule: { apiGroups: ["apps"], resources: ["deployments", "replicasets"], verbs: ["get"] },
        status: "warn",
        message: `${webhookUser} has read permissions that the function does not need: get deployments.apps, get replicasets.apps`,
        fix: `remove these permissions from ${webhookUser}; it needs only create on subjectaccessreviews`,
      },
      {
        what: "has a permission of every authenticated user",
        group: "system:authenticated",
        rule: { apiGroups: [""], resources: ["pods"], verbs: ["create"] },
        status: "warn",
        message: `${webhookUser} has only the permissions of every authenticated user, which on this cluster include create pods`,
        fix: "check whether every authenticated user needs them: look for bindings to the group system:authenticated",
      },
    ])("the webhook's identity $what", async ({ rule, group, status, message, fix }) => {
      const name = "excess";
      const apiGroup = "rbac.authorization.k8s.io";
      const subject = group ? { apiGroup, kind: "Group", name: group } : { apiGroup, kind: "User", name: webhookUser };
      await applied(plane, [
        { ...rbac, kind: "ClusterRole", metadata: { name }, rules: [rule] },
        {
          ...rbac,
          kind: "ClusterRoleBinding",
          metadata: { name },
          roleRef: { apiGroup, kind: "ClusterRole", name },
          subjects: [subject],
        },
      ]);
      try {
        // Only an administrator may ask for the permissions of other users.
        const { stdout } = await run("--kubeconfig", files.admin, "--asker-kubeconfig", files.asker, "-o", "json");
        expect(line(JSON.parse(stdout), "asker-excess")).toEqual([{ status, message, fix }]);
      } finally {
        await remove(`/apis/${rbac.apiVersion}/clusterrolebindings/${name}`);
        await remove(`/apis/${rbac.apiVersion}/clusterroles/${name}`);
      }
    });

    test("the API server refuses the webhook's credentials", async () => {
      const wrong = plane.file("wrong.kubeconfig", plane.kubeconfig({ name: "wrong", token: "nonsense" }));
      const { status, lines } = await examine("--asker-kubeconfig", wrong);
      expect(status).toBe(1);
      expect(line(lines, "asker")).toEqual([
        {
          status: "fail",
          message:
            'the function\'s questions to this cluster get no answer: the credentials of context "cluster" were refused (401); renew them',
          fix: `check that the credentials in the registry are valid, and grant their user create on subjectaccessreviews: ${apply} (--asker sets the username)`,
        },
      ]);
      expect(line(lines, "asker-excess")).toEqual([
        {
          status: "warn",
          message:
            'the permissions of the function\'s identity could not be listed: the credentials of context "cluster" were refused (401); renew them',
          fix: "list them with kubectl auth can-i --list --as USERNAME",
        },
      ]);
    });

    test("the webhooks call another function than --url", async () => {
      const { status, lines } = await examine("--url", "https://127.0.0.1:9/clusters/prod/ANOTHER-KEY");
      expect(status).toBe(1);
      expect(notOk(lines).map(({ check }) => check)).toEqual(["url", "function"]);
      const calls = `calls ${shownUrl()}, not https://127.0.0.1:9/clusters/prod/***`;
      expect(line(lines, "url")).toEqual([
        {
          status: "fail",
          message: ["mutate", "validate", "status"]
            .map((part) => `${part}.deploy.razee.io.impersonation-admission ${calls}`)
            .join("; "),
          fix: `${apply}, where URL is the address of the function`,
        },
      ]);
      expect(line(lines, "function")).toEqual([
        {
          status: "warn",
          message: "https://127.0.0.1:9/clusters/prod/*** cannot be reached from this machine (ECONNREFUSED)",
          fix: "run the doctor in the API server's network, or check that the function is deployed and that its host name resolves",
        },
      ]);
    });

    test("the key was changed in one webhook only", async () => {
      const url = guard.url.replace(guard.key, "ANOTHER-KEY");
      await patch("validating", [{ op: "replace", path: "/webhooks/0/clientConfig/url", value: `${url}/validate` }]);
      const { status, lines } = await examine("--url", guard.url);
      expect(status).toBe(1);
      expect(line(lines, "url")).toEqual([
        {
          status: "fail",
          message: `validate.deploy.razee.io.impersonation-admission calls ${shownUrl()} with a different key`,
          fix: `${apply}, where URL is the address of the function`,
        },
      ]);
    });

    test("the function does not know the key", async () => {
      guard.known = false;
      const { status, lines } = await examine("--url", guard.url);
      expect(status).toBe(1);
      expect(notOk(lines)).toEqual([
        {
          check: "function",
          status: "fail",
          message: `${shownUrl()} answers 404 to an empty review, but must answer 400: the function does not know this cluster or its key`,
          fix: "compare the hash of the key with the one in the registry, check that the registry is deployed, or make a new key with npm run -s key -- CLUSTER",
        },
        {
          check: "dry-run",
          status: "fail",
          message: expect.stringContaining("the server could not find the requested resource"),
          fix: "the function does not know this cluster or its key: compare the hash of the key with the one in the registry, or make a new key with npm run -s key -- CLUSTER",
        },
      ]);
    });

    test("the configurations differ from the policy", async () => {
      await patch("mutating", [
        { op: "replace", path: "/webhooks/0/rules/0/apiVersions", value: ["v1alpha2"] },
        { op: "replace", path: "/webhooks/0/namespaceSelector", value: { matchLabels: { guarded: "yes" } } },
      ]);
      await patch("validating", [{ op: "remove", path: "/webhooks/1" }]);
      const { status, lines } = await examine();
      expect(status).toBe(1);
      const fix = `${replace}; if the cluster uses another policy, name it with --policy`;
      expect(line(lines, "mutating-policy")).toEqual([
        {
          status: "fail",
          message:
            "the configuration differs from policy razee: mutate.deploy.razee.io.impersonation-admission: namespaceSelector.matchLabels is " +
            '{"guarded":"yes"}, but must be absent; mutate.deploy.razee.io.impersonation-admission: rules[0].apiVersions is ["v1alpha2"], but must be ["*"]',
          fix,
        },
      ]);
      expect(line(lines, "validating-policy")).toEqual([
        {
          status: "fail",
          message:
            "the configuration differs from policy razee: status.deploy.razee.io.impersonation-admission is missing",
          fix,
        },
      ]);
    });

    test("failurePolicy is Ignore", async () => {
      const ignore = [{ op: "replace", path: "/webhooks/0/failurePolicy", value: "Ignore" }];
      const fix = `${apply}, without --failure-policy Ignore`;
      await patch("mutating", ignore);
      const mutating = await examine();
      expect(mutating.status).toBe(0);
      expect(line(mutating.lines, "failure-policy")).toEqual([
        {
          status: "warn",
          message:
            "mutate.deploy.razee.io.impersonation-admission: failurePolicy is Ignore, so the field is not set while the function is down",
          fix,
        },
      ]);
      await patch("validating", ignore);
      const both = await examine();
      expect(both.status).toBe(1);
      expect(line(both.lines, "failure-policy")).toEqual([
        {
          status: "fail",
          message:
            "validate.deploy.razee.io.impersonation-admission: failurePolicy is Ignore, so every object is accepted while the function is down",
          fix,
        },
      ]);
    });

    test("the caBundle is invalid, and every create fails", async () => {
      const value = Buffer.from("no certificate").toString("base64");
      await patch("mutating", [{ op: "replace", path: "/webhooks/0/clientConfig/caBundle", value }]);
      await inForce(500);
      const { status, lines } = await examine("--url", guard.url);
      expect(status).toBe(1);
      expect(notOk(lines)).toEqual([
        {
          check: "ca-bundle",
          status: "fail",
          message: "the caBundle of mutate.deploy.razee.io.impersonation-admission contains no PEM certificate",
          fix: `renew the CA certificate that signs the function's certificate, and install it: ${apply} (--ca-bundle names the file)`,
        },
        {
          check: "function",
          status: "fail",
          message: expect.stringContaining(`a trusted TLS connection to ${shownUrl()} failed (`),
          fix: "check that the caBundle of the webhook configurations signed the function's certificate, and that the certificate is valid for the host name",
        },
        {
          check: "dry-run",
          status: "fail",
          message: expect.stringContaining('failed calling webhook "mutate.deploy.razee.io.impersonation-admission"'),
          fix: "check that the function runs, that the API server can reach its URL, and that the caBundle signed its certificate",
        },
      ]);
    });

    test("another webhook writes the field, with and without our validating webhook", async () => {
      const name = "zz-other";
      const resourceRules = [
        { apiGroups: ["*"], apiVersions: ["*"], resources: ["mustachetemplates"], operations: ["CREATE"] },
      ];
      await applied(plane, [
        {
          apiVersion: "admissionregistration.k8s.io/v1",
          kind: "MutatingWebhookConfiguration",
          metadata: { name },
          webhooks: [
            {
              name: "stamp.example.com",
              clientConfig: { url: "https://127.0.0.1:9/stamp" },
              rules: resourceRules,
              namespaceSelector: { matchLabels: { "no-namespace": "has-this" } },
              failurePolicy: "Ignore",
              sideEffects: "None",
              admissionReviewVersions: ["v1"],
            },
          ],
        },
        {
          apiVersion: "admissionregistration.k8s.io/v1",
          kind: "MutatingAdmissionPolicy",
          metadata: { name },
          spec: {
            matchConstraints: { resourceRules },
            failurePolicy: "Ignore",
            reinvocationPolicy: "IfNeeded",
            mutations: [
              {
                patchType: "ApplyConfiguration",
                applyConfiguration: { expression: "Object{metadata: Object.metadata{labels: {'a': 'b'}}}" },
              },
            ],
          },
        },
      ]);
      const others = `webhook stamp.example.com of ${name}, MutatingAdmissionPolicy ${name}`;
      try {
        const watched = await examine();
        expect(watched.status).toBe(0);
        expect(line(watched.lines, "other-writers")).toEqual([
          {
            status: "ok",
            message: `${others} can write the field after ours; the validating webhook checks the final object`,
            fix: "",
          },
        ]);
        await remove("/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/impersonation-admission");
        const unwatched = await examine();
        expect(unwatched.status).toBe(1);
        expect(notOk(unwatched.lines).map(({ check }) => check)).toEqual(["validating", "other-writers"]);
        expect(line(unwatched.lines, "other-writers")).toEqual([
          {
            status: "fail",
            message: `${others} can write the field of mustachetemplates after ours, and no validating webhook with failurePolicy Fail checks the final object`,
            fix: apply,
          },
        ]);
      } finally {
        for (const plural of ["mutatingwebhookconfigurations", "mutatingadmissionpolicies"])
          await remove(`/apis/admissionregistration.k8s.io/v1/${plural}/${name}`);
      }
    });

    test.for([
      {
        what: "is served in no version of the policy",
        versions: ["v1beta7"],
        status: "fail",
        message:
          "remoteresourcess3.deploy.razee.io is served in v1alpha2, v1alpha1, but policy narrow covers none of these versions, so the resource is not guarded",
        fix: "add a version to the target in the policy, deploy the policy, and apply the new manifests",
      },
      {
        what: "is also served in another version, without a conversion",
        versions: ["v1alpha2"],
        status: "warn",
        message:
          "remoteresourcess3.deploy.razee.io is also served in v1alpha1. The API server passes such an object to the webhook as v1alpha2 " +
          "and changes only its apiVersion, so a field at another path in v1alpha1 is not checked",
        fix: 'if the field has the same path in all versions, set versions: ["*"] in the target; otherwise add a target for the other version',
      },
    ])("a resource $what", async ({ versions, status, message, fix }) => {
      const fields = ["spec.clusterAuth.impersonateUser"];
      const target = { group: "deploy.razee.io", versions, resources: ["remoteresourcess3"], fields };
      const narrow = plane.file("narrow.json", { name: "narrow", targets: [target] });
      const { lines } = await examine("--policy", narrow);
      expect(line(lines, "versions")).toEqual([{ status, message, fix }]);
    });

    test("a resource of the policy is misspelled", async () => {
      const fields = ["spec.clusterAuth.impersonateUser"];
      const target = { group: "deploy.razee.io", versions: ["*"], resources: ["mustachetemplate"], fields };
      const { lines, status } = await examine("--policy", plane.file("slip.json", { name: "slip", targets: [target] }));
      expect(status).toBe(1);
      expect(line(lines, "versions")).toEqual([
        {
          status: "fail",
          message:
            "mustachetemplate.deploy.razee.io is not served by this cluster; did you mean mustachetemplates.deploy.razee.io, which the policy does not cover?",
          fix: "correct the resource in the policy, deploy the policy, and apply the new manifests",
        },
      ]);
    });

    test("a version without a status subresource, whose controller acts on the status", async () => {
      const schema = { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };
      const definition = {
        apiVersion: "apiextensions.k8s.io/v1",
        kind: "CustomResourceDefinition",
        metadata: { name: "workflows.example.com" },
        spec: {
          group: "example.com",
          names: { kind: "Workflow", plural: "workflows" },
          scope: "Namespaced",
          versions: [{ name: "v1", served: true, storage: true, schema }],
        },
      };
      await applied(plane, [definition]);
      await until("workflows are served", async () => {
        const path = "/apis/example.com/v1/workflows";
        return (await plane.api(plane.user("admin"), { path })).status === 200;
      });
      const target = {
        ...{ group: "example.com", versions: ["*"], resources: ["workflows"] },
        ...{ fields: ["spec.user"], statusPaths: ["status.children"] },
      };
      const { lines } = await examine("--policy", plane.file("flows.json", { name: "flows", targets: [target] }));
      expect(line(lines, "status")).toEqual([
        {
          status: "fail",
          message:
            "workflows.example.com in v1 has no status subresource: its status is stored with the object, so every user who may edit the object may write status.children, and its controller acts on these paths",
          fix: "add subresources: { status: {} } to this version in its CustomResourceDefinition, or stop serving the version",
        },
      ]);
    });

    test.for([
      ["false", 'has enable-impersonation: "false"'],
      ["", 'has enable-impersonation: ""'],
    ] as const)("Razee's controllers do not impersonate: %j", async ([value, found]) => {
      await applied(plane, [razeeConfig(value)]);
      try {
        const { lines, status } = await examine();
        expect(status).toBe(1);
        expect(line(lines, "razee-config")).toEqual([
          {
            status: "fail",
            message: `the guard has no effect: ConfigMap razeedeploy/razeedeploy-config ${found}, so Razee's controllers set every object to razeedeploy and act as their own account, which may do everything`,
            fix: `kubectl patch configmap razeedeploy-config -n razeedeploy --type=merge -p '{"data":{"enable-impersonation":"true"}}'`,
          },
        ]);
      } finally {
        await applied(plane, [razeeConfig("true")]);
      }
    });

    test("the cluster serves no resource of the policy", async () => {
      const target = { group: "example.com", versions: ["*"], resources: ["robots"], fields: ["spec.user"] };
      const { lines } = await examine("--policy", plane.file("robots.json", { name: "robots", targets: [target] }));
      expect(line(lines, "versions")).toEqual([
        {
          status: "warn",
          message: "this cluster serves no resource of policy robots",
          fix: "check --policy and --context; a resource that is installed later is guarded from its first object",
        },
      ]);
    });

    test("the function runs another policy", async () => {
      const audit = plane.file("audit.json", { name: "razee", enforcement: "audit", targets: [{ preset: "razee" }] });
      const { lines, status } = await examine("--policy", audit);
      expect(status).toBe(1);
      expect(notOk(lines)).toEqual([
        {
          check: "dry-run",
          status: "fail",
          message:
            'mustachetemplates, remoteresourcess3: with no name declared, spec.clusterAuth.impersonateUser is "bob" in the reply, but must be empty',
          fix: "check that the registry names this policy for the cluster, that the registry is deployed, and that both webhook configurations are installed",
        },
      ]);
    });

    test("the namespace of the dry runs does not exist", async () => {
      const { lines, status } = await examine("--namespace", "nowhere");
      expect(status).toBe(0);
      expect(notOk(lines)).toEqual([
        {
          check: "dry-run",
          status: "warn",
          message:
            'mustachetemplates, remoteresourcess3: the dry run failed before our webhooks judged the object: namespaces "nowhere" not found',
          fix: "run the doctor as a user who may create the object in namespace nowhere, or name another namespace with --namespace",
        },
      ]);
    });

    test("the function is slow", async () => {
      guard.delay = 550;
      guard.livezDelay = 1_050;
      const { lines, status } = await examine("--url", guard.url);
      expect(status).toBe(0);
      expect(lines.filter(({ status }) => status !== "ok").map(({ check, fix }) => [check, fix])).toEqual([
        [
          "function",
          "read the function's duration in its log, and measure the network latency from this machine to the function",
        ],
        [
          "round-trip",
          "read the function's duration in its log, and check its region, its memory and the API server that it asks",
        ],
      ]);
    });

    test("the function is down", async () => {
      const { target } = guard;
      guard.target = { url: "https://127.0.0.1:9", ca: undefined };
      try {
        const { lines, status } = await examine("--url", guard.url);
        expect(status).toBe(1);
        expect(notOk(lines)).toEqual([
          {
            check: "function",
            status: "fail",
            message: `${new URL(guard.url).origin}/livez answers 502, not 200`,
            fix: "check that --url is the address of the function, and read its log",
          },
          {
            check: "dry-run",
            status: "fail",
            message: expect.stringContaining("failed calling webhook"),
            fix: "check that the function runs, that the API server can reach its URL, and that the caBundle signed its certificate",
          },
        ]);
      } finally {
        guard.target = target;
      }
    });
  });
});

describe("a policy of several ecosystems", () => {
  const group = "fields.example.com";
  const flux = "kustomize.toolkit.fluxcd.io";
  const mayBeEmpty = { onEmpty: "allow", emptyIsUnprivileged: true };
  const account = (path: string, more: object = {}) => ({ path, serviceAccount: "name", ...mayBeEmpty, ...more });
  const target = (resource: string, fields: readonly unknown[], more: object = {}) => ({
    ...{ group, versions: ["v1"], resources: [resource], fields },
    ...more,
  });
  const patchable = { path: "spec.**.podSpecPatch", names: "anything" };
  const workflows = target("workflows", [account("spec.account"), account("spec.steps[*].account"), patchable]);
  const examineBy = async (...targets: readonly unknown[]) => {
    const file = plane.file("several.json", { name: "several", targets });
    const { status, lines } = await examine("--policy", file);
    const of = (check: string) =>
      lines
        .filter((each) => each.check === check)
        .map(({ status: found, message, fix }) => `${found}: ${message}${fix && ` | ${fix}`}`);
    return { status, of };
  };
  const correct = "correct the paths in the policy for this version, deploy the policy, and apply the new manifests";

  beforeAll(async () => {
    const step = object({ account: text, podSpecPatch: text });
    const spec = object({ account: text, steps: list(step), size: { type: "integer" }, groups: list(text) });
    await defineKinds(plane, [
      {
        ...{ group, plural: "workflows", kind: "Workflow" },
        versions: [{ name: "v1", storesStatus: true, properties: { spec, status: object({ stored: step }) } }],
      },
      {
        ...{ group, plural: "runs", kind: "Run" },
        versions: [
          { name: "v1", properties: { spec: object({ template: object({ account: text }) }) } },
          { name: "v1beta1", properties: { spec: object({ account: text }) } },
        ],
      },
      {
        ...{ group, plural: "opens", kind: "Open" },
        versions: [{ name: "v1", properties: { spec: anything } }],
      },
      {
        ...{ group: flux, plural: "kustomizations", kind: "Kustomization" },
        versions: [
          {
            name: "v1",
            properties: {
              spec: object({ serviceAccountName: text, kubeConfig: object({ secretRef: object({ name: text }) }) }),
            },
          },
        ],
      },
    ]);
    const apiGroup = "rbac.authorization.k8s.io";
    await applied(plane, [
      { apiVersion: "v1", kind: "Namespace", metadata: { name: "flux-system" } },
      {
        ...{ ...rbac, kind: "ClusterRole", metadata: { name: "field-author" } },
        rules: [{ apiGroups: [group, flux], resources: ["*"], verbs: ["*"] }],
      },
      {
        ...{ ...rbac, kind: "ClusterRoleBinding", metadata: { name: "field-author" } },
        roleRef: { apiGroup, kind: "ClusterRole", name: "field-author" },
        subjects: [{ apiGroup, kind: "User", name: "bob" }],
      },
    ]);
  });

  test.for([
    {
      what: "every path is there, in lists and at any depth",
      targets: [workflows],
      paths: ["ok: 3 paths of the policy are in the schemas"],
    },
    {
      what: "a path is misspelled",
      targets: [target("workflows", [account("spec.account"), account("spec.steps[*].acount")])],
      paths: [
        `warn: workflows.${group} in v1: the schema does not have spec.steps[*].acount (there is spec.steps[*].account), so the API server drops what an object has there | ${correct}; leave a path as it is if only a newer version of the controller has it`,
        "ok: 1 paths of the policy are in the schemas",
      ],
    },
    {
      what: "one version has the field elsewhere",
      targets: [target("runs", [account("spec.template.account")], { versions: ["*"] })],
      paths: [
        `fail: runs.${group} in v1beta1: the schema has no field of the policy, so nothing is guarded: it does not have spec.template.account (there is spec.account) | ${correct}`,
        "ok: 1 paths of the policy are in the schemas",
      ],
    },
    {
      what: "a target for each version",
      targets: [
        target("runs", [account("spec.template.account")]),
        target("runs", [account("spec.account")], { versions: ["v1beta1"] }),
      ],
      paths: ["ok: 2 paths of the policy are in the schemas"],
    },
    {
      what: "a field that can hold no name",
      targets: [target("workflows", [account("spec.size"), account("spec.steps")])],
      paths: [
        `fail: workflows.${group} in v1: spec.size leads to an integer, spec.steps leads to an array, where the policy expects a name, so every such object is refused | ${correct}`,
      ],
    },
    {
      what: "a schema that keeps unknown fields",
      targets: [target("opens", [account("spec.a[*].b")])],
      paths: [
        `ok: 0 paths of the policy are in the schemas; no schema says which fields there are in opens.${group} in v1`,
      ],
    },
    {
      what: "a condition whose path is not there",
      targets: [
        target("workflows", [
          account("spec.account", { whenSet: [{ path: "spec.remote.name", onForbidden: "deny" }] }),
        ]),
      ],
      paths: [
        `warn: workflows.${group} in v1: the schema does not have spec.remote.name (in whenSet of spec.account), so the API server drops what an object has there | ${correct}; leave a path as it is if only a newer version of the controller has it`,
        "ok: 1 paths of the policy are in the schemas",
      ],
    },
  ])("paths: $what", async ({ targets, paths }) => {
    const { of } = await examineBy(...targets);
    expect(of("paths")).toEqual(paths);
  });

  test.for([
    {
      what: "a field in the status of a version that stores it, without statusWriters",
      more: {},
      status: [
        `warn: workflows.${group} in v1 has no status subresource: its status is stored with the object, and the policy lists no statusWriters, so every status write, the controller's included, is judged as an edit of the object | list the usernames of the resource's controllers in the target's statusWriters`,
      ],
    },
    {
      what: "with statusWriters",
      more: { statusWriters: ["system:serviceaccount:argo:argo"] },
      status: [
        `ok: workflows.${group} in v1 has no status subresource: its status is stored with the object; a write of it is judged like an edit, except by system:serviceaccount:argo:argo`,
      ],
    },
  ])("status: $what", async ({ more, status }) => {
    const { of } = await examineBy(
      target("workflows", [account("spec.account"), account("status.stored.account")], more),
    );
    expect(of("status")).toEqual(status);
  });

  const controller = "system:serviceaccount:flux-system:kustomize-controller";
  const means = `an empty field of kustomizations.${flux} stands for ${controller}`;
  const deployment = (...args: readonly string[]) => ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "kustomize-controller", namespace: "flux-system" },
    spec: {
      selector: { matchLabels: { app: "kustomize-controller" } },
      template: {
        metadata: { labels: { app: "kustomize-controller" } },
        spec: {
          serviceAccountName: "kustomize-controller",
          containers: [{ name: "manager", image: "example.com/kustomize-controller", args }],
        },
      },
    },
  });

  test("empty fields: no controller, its controller, and a controller with another default", async () => {
    const policy = { preset: "flux" };
    expect((await examineBy(policy)).of("empty-fields")).toEqual([
      `warn: by the policy ${means}, but no Deployment in namespace flux-system runs as the service account kustomize-controller | see which account the controller runs as, and name it in the policy's emptyStandsFor`,
    ]);
    await applied(plane, [deployment("--watch-all-namespaces")]);
    expect((await examineBy(policy)).of("empty-fields")).toEqual([
      `ok: Deployment flux-system/kustomize-controller runs without --default-service-account: ${means}`,
    ]);
    await applied(plane, [deployment("--default-service-account=default")]);
    expect((await examineBy(policy)).of("empty-fields")).toEqual([
      `warn: by the policy ${means}, but Deployment flux-system/kustomize-controller runs with --default-service-account=default, so its controller acts as default of the object's namespace | write onEmpty: { default: default } for the field, or the preset's option for that flag, instead of emptyStandsFor`,
    ]);
    expect((await examineBy({ preset: "flux", defaultServiceAccount: "default" })).of("empty-fields")).toEqual([]);
    const file = plane.file("flux.json", { name: "flux", targets: [policy] });
    const { stdout } = await run("--kubeconfig", plane.kubeconfigOf("gina"), "--policy", file, "-o", "json");
    const [unread] = (JSON.parse(stdout) as readonly Line[]).filter(({ check }) => check === "empty-fields");
    expect(unread).toMatchObject({
      status: "warn",
      message: expect.stringMatching(
        /^not checked: whether an empty field of .* deployments\.apps is forbidden: User "gina"/,
      ),
      fix: "run the doctor as a user who may list deployments in namespace flux-system",
    });
  });

  test("versions: what is not installed takes few words, and what is misnamed is named", async () => {
    const { of, status } = await examineBy(
      { preset: "flux" },
      { preset: "razee" },
      target("workflow", [account("spec.account")]),
      target("kustomizations", ["spec.user"], { group: "kustomize.fluxcd.io" }),
      target("boards", ["spec.user"], { resources: ["boards", "charts", "maps"], group: "absent.example.org" }),
    );
    expect(status).toBe(1);
    const fix = "correct the resource in the policy, deploy the policy, and apply the new manifests";
    expect(of("versions")).toEqual([
      `fail: workflow.${group} is not served by this cluster; did you mean workflows.${group}, which the policy does not cover? | ${fix}`,
      "ok: 3 resources are covered in every served version; not installed: helmreleases.helm.toolkit.fluxcd.io, source.toolkit.fluxcd.io, kustomizations.kustomize.fluxcd.io, absent.example.org; remoteresources, encryptedresources and featureflagsetsld of deploy.razee.io",
    ]);
  });

  test("every preset at once, on a cluster with two of the ecosystems", async () => {
    const { of } = await examineBy(...Object.keys(presets).map((preset) => ({ preset })));
    expect(of("versions")).toEqual([
      expect.stringMatching(
        /^ok: 3 resources are covered in every served version; not installed: argoproj\.io, .*; remoteresources, encryptedresources and featureflagsetsld of deploy\.razee\.io$/,
      ),
    ]);
    // The schema of this test is an older one.
    expect(of("paths")).toEqual([
      expect.stringMatching(
        /^warn: kustomizations\.kustomize\.toolkit\.fluxcd\.io in v1: the schema does not have spec\.decryption\.serviceAccountName, so/,
      ),
      expect.stringMatching(/^ok: \d+ paths of the policy are in the schemas$/),
    ]);
    expect(of("status")).toEqual(["ok: no served version stores the status with the object"]);
  });

  describe("guarded", () => {
    const targets = [
      workflows,
      target("runs", [account("spec.template.account")]),
      target("runs", [account("spec.account")], { versions: ["v1beta1"] }),
      target("opens", [{ path: "spec.groups", names: "group", ...mayBeEmpty }, account("spec.account")]),
      { preset: "flux" },
    ];

    test("dry runs try every kind of field", async () => {
      const several = readPolicy({ name: "several", targets });
      const served = await startKeyedFunction(files.asker, plane.file("several.json", { name: "several", targets }));
      try {
        await applied(
          plane,
          webhookConfigurations({
            policy: several,
            client: { url: served.url },
            caBundle: Buffer.from(served.ca).toString("base64"),
          }),
        );
        await until("the webhooks are called", async () => {
          const { of: found } = await examineBy(...targets);
          return found("dry-run").some((each) => each.startsWith("ok"));
        });
        expect((await examineBy(...targets)).of("dry-run")).toEqual([
          "ok: 4 resources are judged for bob as the rule requires (no name: permitted or denied, other name: denied)",
        ]);
      } finally {
        await served.stop();
      }
    });
  });
});

describe("a cluster that admission policies guard without a function", () => {
  const twinLines = (lines: readonly Line[]) => lines.filter(({ check }) => check === "admission-policies");
  const [, , policyName = "", , statusName = ""] = admissionPolicies(policy).map(({ metadata }) => metadata.name);
  const change = async (plural: string, name: string, operations: readonly object[]): Promise<void> => {
    const { status, text } = await plane.api(plane.user("admin"), {
      method: "PATCH",
      path: `/apis/admissionregistration.k8s.io/v1/${plural}/${name}`,
      body: operations,
      contentType: "application/json-patch+json",
    });
    if (status !== 200) throw new Error(text);
  };
  const byHand =
    "npm run -s manifests -- --admission-policies | kubectl replace -f -; if the cluster uses another policy, name it with --policy";

  beforeAll(async () => {
    for (const part of ["mutating", "validating"])
      await remove(`/apis/admissionregistration.k8s.io/v1/${part}webhookconfigurations/impersonation-admission`);
    await applied(plane, admissionPolicies(policy));
    await policiesInForce(plane);
  });
  afterEach(async () => {
    const stdin = { apiVersion: "v1", kind: "List", items: admissionPolicies(policy) };
    await plane.kubectl(plane.user("admin"), ["replace", "--force", "-f", "-"], { stdin });
    await policiesInForce(plane);
  });

  test("every check passes, and its policies do not count as other writers", async () => {
    const { status, lines } = await examine();
    expect(notOk(lines)).toEqual([]);
    expect(status).toBe(0);
    expect(lines.map(({ check }) => check)).toEqual([
      "asker",
      "asker-excess",
      "admission-policies",
      "versions",
      "paths",
      "status",
      "razee-config",
      "other-writers",
      "dry-run",
    ]);
    const messages = Object.fromEntries(lines.map(({ check, message }) => [check, message]));
    expect(messages["admission-policies"]).toBe(
      "the admission policies match policy razee and guard the cluster without webhooks",
    );
    expect(messages["other-writers"]).toBe("no other webhook or admission policy writes these resources");
    expect(messages["dry-run"]).toBe(
      "2 resources are judged for bob as the rule requires (own name: self, no name: defaulted, other name: replaced)",
    );
  });

  test.for([
    {
      what: "a binding that only warns",
      plural: "validatingadmissionpolicybindings",
      name: policyName,
      operations: [{ op: "replace", path: "/spec/validationActions", value: ["Warn"] }],
      fault: `ValidatingAdmissionPolicyBinding ${policyName}: spec.validationActions is ["Warn"], but must be ["Deny"]`,
    },
    {
      what: "failurePolicy Ignore",
      plural: "validatingadmissionpolicies",
      name: policyName,
      operations: [{ op: "replace", path: "/spec/failurePolicy", value: "Ignore" }],
      fault: `ValidatingAdmissionPolicy ${policyName}: spec.failurePolicy is "Ignore", but must be "Fail"`,
    },
    {
      what: "an added namespaceSelector",
      plural: "validatingadmissionpolicies",
      name: policyName,
      operations: [{ op: "add", path: "/spec/matchConstraints/namespaceSelector", value: { matchLabels: { a: "b" } } }],
      fault: `ValidatingAdmissionPolicy ${policyName}: spec.matchConstraints.namespaceSelector.matchLabels is {"a":"b"}, but must be absent`,
    },
    {
      what: "a changed expression",
      plural: "validatingadmissionpolicies",
      name: statusName,
      operations: [{ op: "replace", path: "/spec/validations/0/expression", value: "true" }],
      fault: `ValidatingAdmissionPolicy ${statusName}: spec.validations[0].expression is "true", but must be "!variables.asks.contains('\\\\n!type\\\\n')"`,
    },
  ])("a failure: $what", async ({ plural, name, operations, fault }) => {
    await change(plural, name, operations);
    const { status, lines } = await examine();
    expect(status).toBe(1);
    expect(twinLines(lines)).toEqual([
      {
        check: "admission-policies",
        status: "fail",
        message: `the admission policies differ from policy razee: ${fault}`,
        fix: byHand,
      },
    ]);
  });

  test("a policy without its binding is a failure", async () => {
    await remove(`/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/${policyName}`);
    const { status, lines } = await examine();
    expect(status).toBe(1);
    expect(twinLines(lines)).toMatchObject([
      {
        status: "fail",
        message: `the admission policies differ from policy razee: ValidatingAdmissionPolicyBinding ${policyName} is missing`,
      },
    ]);
  });

  test("beside the webhooks both are checked", async () => {
    await applied(plane, configurations());
    try {
      await until("the webhooks are called", async () => {
        const { status } = await run("--kubeconfig", files.ordinary, "--asker-kubeconfig", files.asker);
        return status === 0;
      });
      const { lines } = await examine();
      expect(notOk(lines)).toEqual([]);
      expect(twinLines(lines)).toMatchObject([
        {
          status: "ok",
          message: "the admission policies match policy razee and guard the cluster beside the webhooks",
        },
      ]);
    } finally {
      for (const part of ["mutating", "validating"])
        await remove(`/apis/admissionregistration.k8s.io/v1/${part}webhookconfigurations/impersonation-admission`);
    }
  });

  test("a user who may not list the admission policies gets a warning", async () => {
    const { stdout } = await run("--kubeconfig", plane.kubeconfigOf("gina"), "-o", "json");
    expect(twinLines(JSON.parse(stdout))).toMatchObject([
      {
        status: "warn",
        message: expect.stringMatching(
          /^the admission policies could not be listed, so the doctor cannot tell whether they guard the cluster in place of the webhooks: .*forbidden/,
        ),
      },
    ]);
  });
});

test("a cluster whose certificate is not verified is checked, with a warning", async () => {
  const text = plane
    .kubeconfig(plane.user("admin"))
    .replace(/"certificate-authority-data": "[^"]*"/, '"insecure-skip-tls-verify": true');
  const { stdout } = await run("--kubeconfig", plane.file("insecure.kubeconfig", text), "-o", "json");
  expect(JSON.parse(stdout)[0]).toMatchObject({
    status: "warn",
    check: "connection",
    message: expect.stringMatching(/^context "cluster" has insecure-skip-tls-verify/),
  });
});

describe("errors", () => {
  test.for([
    {
      what: "no cluster",
      args: [],
      says: "no kubeconfig was found at /nowhere/.kube/config; give --kubeconfig FILE or set KUBECONFIG",
    },
    {
      what: "an unknown output format",
      args: ["--kubeconfig", "x", "-o", "yaml"],
      says: "-o yaml is not table or json",
    },
    {
      what: "a context without its file",
      args: ["--kubeconfig", "x", "--asker-context", "y"],
      says: "--asker-context is one of an --asker-kubeconfig; give that too",
    },
    {
      what: "a missing file",
      args: ["--kubeconfig", "no/such/file"],
      says: "no/such/file cannot be read (ENOENT)",
    },
  ])("$what", async ({ args, says }) => {
    expect(await run(...args)).toEqual({ status: 2, stdout: "", stderr: `${says}\n` });
  });

  test("a wrong URL, whose key is not repeated", async () => {
    const { status, stderr } = await run("--kubeconfig", files.ordinary, "--url", "http://x/clusters/prod/SECRET");
    expect([status, stderr]).toEqual([2, "--url must start with https:// and hold a host and a path only\n"]);
  });

  test("a kubeconfig with impersonation", async () => {
    const text = plane.kubeconfig(plane.user("admin")).replace('"token":', '"as": "bob", "token":');
    const { status, stderr } = await run("--kubeconfig", plane.file("as.kubeconfig", text));
    expect(status).toBe(2);
    expect(stderr).toMatch(
      /as.kubeconfig: context "cluster": user.as is refused: this command reads and tries objects/,
    );
  });

  test("a user who may not list the webhook configurations", async () => {
    const { status, stderr } = await run("--kubeconfig", plane.kubeconfigOf("carl"));
    expect(status).toBe(2);
    expect(stderr).toMatch(
      /^mutatingwebhookconfigurations cannot be listed, and the doctor needs them: .* is forbidden: User "carl"/,
    );
  });
});
