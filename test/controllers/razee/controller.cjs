/*
 * Razee's MustacheTemplate controller, composed of its published packages as razee-io/MustacheTemplate does. It reads ./config in its working
 * folder. RAZEE_PACKAGES is the folder of the installed packages. RAZEE_AWAIT=true applies the patch of docs/razee.md. RAZEE_SLOW_DISK=true reads
 * every file of ./config slower than the API server answers.
 */
const { readFileSync } = require("node:fs");
const { Module, createRequire } = require("node:module");
const { join } = require("node:path");
const { setTimeout: sleep } = require("node:timers/promises");

const published = createRequire(join(process.env.RAZEE_PACKAGES, "package.json"));

const race = "let impersonateUser = this.processImpersonation(krm);";
const mended = "let impersonateUser = await this.processImpersonation(krm);";

if (process.env.RAZEE_AWAIT === "true") {
  const patched = published.resolve("@razee/razeedeploy-core/lib/CompositeController.js");
  const compile = Module._extensions[".js"];
  Module._extensions[".js"] = (module, file) => {
    if (file !== patched) return compile(module, file);
    const source = readFileSync(file, "utf8");
    if (source.split(race).length !== 2) throw new Error(`${file} does not have the line of the patch once`);
    return module._compile(source.replace(race, mended), file);
  };
}

const { BaseTemplateController } = published("@razee/razeedeploy-core");
const { EventHandler, KubeClass } = published("@razee/kubernetes-util");
const { createLogger } = published("@razee/kubernetes-util/lib/bunyan-api");
const files = createRequire(published.resolve("@razee/razeedeploy-core"))("fs-extra");
const mustache = published("mustache");
const yaml = published("js-yaml");

if (process.env.RAZEE_SLOW_DISK === "true") {
  const { readFile } = files;
  files.readFile = async (...args) => {
    await sleep(3_000);
    return readFile(...args);
  };
}

class MustacheTemplateController extends BaseTemplateController {
  constructor(params) {
    super({ ...params, finalizerString: "children.mustachetemplate.deploy.razee.io" });
  }

  async processTemplate(templates, view) {
    const texts = templates.map((one) => (typeof one === "string" ? one : JSON.stringify(one)));
    return texts.map((text) => yaml.load(mustache.render(text, view)));
  }
}

const run = async () => {
  const logger = createLogger("MustacheTemplate");
  const kubeClass = new KubeClass();
  const kubeResourceMeta = await kubeClass.getKubeResourceMeta("deploy.razee.io/v1alpha2", "MustacheTemplate", "watch");
  if (!kubeResourceMeta) throw new Error("MustacheTemplate is not served");
  new EventHandler({ kubeResourceMeta, kubeClass, logger, factory: MustacheTemplateController });
};

process.on("SIGTERM", () => {});
process.on("unhandledRejection", (reason) => process.stderr.write(`unhandledRejection: ${reason}\n`));
run().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
