import { buildFunctions } from "./build-functions.ts";

const build = async (): Promise<void> => {
  await buildFunctions(console.error);
};

/**
 * A Serverless Framework plugin: builds the functions before they are packaged, so that no command needs another before it. It is
 * loaded with `require`, so nothing that it imports may await at its top level.
 */
export default class ServerlessBuild {
  readonly hooks = {
    "before:package:createDeploymentArtifacts": build,
    "before:deploy:function:packageFunction": build,
  };
}
