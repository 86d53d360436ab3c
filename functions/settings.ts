/** Everything that the environment decides. Read here and nowhere else. */
export interface Settings {
  /** The kubeconfig whose contexts are the clusters; undefined where nothing is deployed. */
  readonly registryFile: string | undefined;
}

export const readSettings = (environment: NodeJS.ProcessEnv): Settings => ({
  registryFile: environment["REGISTRY_FILE"] || undefined,
});
