import { buildFunctions } from "./build-functions.ts";

const build = async (): Promise<void> => {
  await buildFunctions(console.error);
};

/**
 * A Serverless Framework plugin that builds the functions before they are packaged, so that deploying needs no other command first. It is
 * loaded with `require`, so the modules that it imports may not use top-level await.
 */
export default class ServerlessBuild {
  readonly hooks = {
    "before:package:createDeploymentArtifacts": build,
    "before:deploy:function:packageFunction": build,
  };
}
