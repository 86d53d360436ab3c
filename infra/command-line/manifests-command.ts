import { calledAs } from "./installation.ts";

/** The options of `manifests`, and of the `kubectl` that reads its output. */
export interface ManifestsCommand {
  readonly url?: string | undefined;
  readonly service?: string | undefined;
  readonly "ca-bundle"?: string | undefined;
  readonly policy?: string | undefined;
  readonly "admission-policies"?: boolean | undefined;
  readonly "in-cluster"?: boolean | undefined;
  readonly "cert-manager"?: boolean | undefined;
  readonly "inject-ca-from"?: string | undefined;
  readonly proxy?: boolean | undefined;
  readonly constrained?: boolean | undefined;
  readonly namespace?: string | undefined;
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
}

/**
 * The command that applies the output of `manifests` to a cluster, ready to be pasted into a shell. `replace` also removes members that the
 * output does not mention, which `apply` leaves alone; `delete` removes the objects.
 *
 * @example manifestsCommand("apply", { url: "URL" }) // npm run -s manifests -- --url URL | kubectl apply -f -
 */
export function manifestsCommand(verb: "apply" | "replace" | "delete", command: ManifestsCommand): string {
  const given = (...names: readonly (keyof ManifestsCommand)[]): string =>
    names
      .flatMap((name) => {
        const value = command[name];
        if (value === undefined || value === false) return [];
        return value === true ? [` --${name}`] : [` --${name} ${shellWord(value)}`];
      })
      .join("");
  const options = given(
    ...(["url", "service", "in-cluster", "ca-bundle", "cert-manager", "inject-ca-from", "policy"] as const),
    ...(["admission-policies", "proxy", "constrained", "namespace"] as const),
  );
  return `${calledAs("manifests")}${options} | kubectl${given("kubeconfig", "context")} ${verb} -f -`;
}

const shellWord = (text: string): string => (/^[\w./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
