/** The options that several commands have, each declared once. A command that adds a sentence to one says so where it takes it. */
export const sharedOptions = {
  kubeconfig: { value: "FILE", text: "the cluster ($KUBECONFIG, else ~/.kube/config, as kubectl takes them)" },
  context: { value: "NAME", text: "a context of that kubeconfig (its current one)" },
  policy: { value: "NAME|FILE", text: "the policy: built in, a preset such as flux, or in a file (razee)" },
} as const;

/** The options that say who answers the questions of a local run. */
export const answerOptions = {
  rbac: { value: "FILE...", multiple: true, text: "answer from these RBAC manifests (events/rbac.yaml)" },
  kubeconfig: { value: "FILE", text: "ask a cluster instead" },
  context: {
    value: "NAME",
    text: `${sharedOptions.context.text}; without --kubeconfig, of $KUBECONFIG, else of ~/.kube/config`,
  },
} as const;

/** `-o`: the first format is the default. */
export function outputOption<const First extends string, const Other extends string>(first: First, other: Other) {
  return { short: "o", choices: [first, other], default: first, text: `(${first})` } as const;
}
