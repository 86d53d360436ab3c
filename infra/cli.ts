import type { CommandList } from "./command-line/command.ts";
import { keepCompiledSources } from "./command-line/installation.ts";
import { runProgram } from "./command-line/run-program.ts";
import { run } from "./command-line/usage.ts";

const summary =
  "Checks, at admission, the identities that Kubernetes custom resources ask their controllers to act as.";

/** Every command of the program. Their files are loaded when they are called, so that `--help` loads none of them. */
const commands: CommandList = {
  invoke: {
    summary:
      "Runs AdmissionReviews and API Gateway events through the function, and requests through the proxy, without a cloud.",
    load: async () => (await import("./commands/invoke.ts")).invoke,
  },
  start: {
    summary: "Serves the webhook over HTTPS on this machine, and prints the configurations that register it.",
    load: async () => (await import("./commands/start.ts")).start,
  },
  proxy: {
    summary: "Serves the API of one cluster over HTTPS, and impersonates its callers.",
    load: async () => (await import("./commands/proxy.ts")).proxy,
  },
  credential: {
    summary: "Issues a short-lived client certificate for the proxy, of the proxy's own client CA.",
    load: async () => (await import("./commands/credential.ts")).credential,
  },
  certificate: {
    summary: "Makes the certificate of a server in a cluster, or the proxy's own client CA.",
    load: async () => (await import("./commands/certificate.ts")).certificate,
  },
  kubeconfig: {
    summary: "Prints a kubeconfig for a user of the proxy: its URL, its CA and one credential.",
    load: async () => (await import("./commands/kubeconfig.ts")).kubeconfig,
  },
  report: {
    summary: "Lists stored objects that a policy would change or refuse. It writes nothing.",
    load: async () => (await import("./commands/report.ts")).report,
  },
  key: {
    summary:
      "Makes a key for one cluster's API server, and shows where its two halves go. It is shown once and kept nowhere.",
    load: async () => (await import("./commands/key.ts")).key,
  },
  manifests: {
    summary:
      "Prints what is applied to a cluster: both webhook configurations, and the role of the webhook's own identity there.",
    load: async () => (await import("./commands/manifests.ts")).manifests,
  },
  doctor: {
    summary:
      "Looks at a guarded cluster or at a proxy from outside, and says what is wrong and how to fix it. It changes nothing.",
    load: async () => (await import("./commands/doctor.ts")).doctor,
  },
  completion: {
    summary: "Prints a script that completes commands and options in bash or zsh.",
    load: async () => (await import("./commands/completion.ts")).completionOf(commands),
  },
};

keepCompiledSources();
await run(() => runProgram(summary, commands, process.argv.slice(2)));
