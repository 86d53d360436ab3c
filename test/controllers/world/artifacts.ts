import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { ControlPlane } from "../../cluster/control-plane.ts";
import { applied } from "../../cluster/world/applied.ts";

/** The name of a source. */
export interface SourceName {
  readonly namespace: string;
  readonly name: string;
}

/** Plays source-controller: serves files over HTTP, and names them in the status of a source. */
export interface Artifacts {
  /** Creates a GitRepository with these objects as its content, or gives it a new revision. */
  readonly publish: (source: SourceName, objects: readonly object[]) => Promise<void>;
  /** Creates a HelmChart whose templates are these objects, or gives it a new version. */
  readonly publishChart: (source: SourceName, objects: readonly object[]) => Promise<void>;
  readonly stop: () => Promise<void>;
}

const textOf = (objects: readonly object[]): string =>
  objects.map((object) => JSON.stringify(object, null, 2)).join("\n---\n");

/** A tar.gz of these files. */
const packed = (files: Readonly<Record<string, string>>): Buffer => {
  const folder = mkdtempSync(join(tmpdir(), "artifact-"));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(folder, "files", dirname(name)), { recursive: true });
      writeFileSync(join(folder, "files", name), text);
    }
    // Helm counts the folders of each name, so none may begin with "./".
    const names = readdirSync(join(folder, "files"));
    execFileSync("tar", ["-czf", join(folder, "packed.tar.gz"), "-C", join(folder, "files"), ...names]);
    return readFileSync(join(folder, "packed.tar.gz"));
  } finally {
    rmSync(folder, { recursive: true });
  }
};

const plurals = { GitRepository: "gitrepositories", HelmChart: "helmcharts" } as const;

export const serveArtifacts = async (plane: ControlPlane): Promise<Artifacts> => {
  const served = new Map<string, Buffer>();
  const server = createServer((request, response) => {
    const file = served.get(request.url ?? "");
    response.writeHead(file ? 200 : 404).end(file);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  let published = 0;

  const publish = async (
    kind: keyof typeof plurals,
    { namespace, name }: SourceName,
    { spec, revision, bytes }: { readonly spec: object; readonly revision: string; readonly bytes: Buffer },
  ): Promise<void> => {
    // Packing the same files again gives other bytes, so what the digest was taken of is kept.
    const path = `/${kind}/${namespace}/${name}/${revision.replace(/^.*:/, "")}.tar.gz`;
    served.set(path, bytes);
    const apiVersion = "source.toolkit.fluxcd.io/v1";
    await applied(plane, [{ apiVersion, kind, metadata: { name, namespace }, spec }]);
    const now = new Date().toISOString().replace(/\.\d+/, "");
    const ready = { type: "Ready", status: "True", reason: "Succeeded", message: "", lastTransitionTime: now };
    const artifact = {
      url: `http://127.0.0.1:${port}${path}`,
      path: path.slice(1),
      revision,
      digest: `sha256:${createHash("sha256").update(bytes).digest("hex")}`,
      lastUpdateTime: now,
    };
    const { status, text } = await plane.api(plane.user("admin"), {
      method: "PATCH",
      path: `/apis/${apiVersion}/namespaces/${namespace}/${plurals[kind]}/${name}/status`,
      contentType: "application/merge-patch+json",
      body: { status: { observedGeneration: 1, conditions: [ready], artifact } },
    });
    if (status !== 200) throw new Error(`the status of ${namespace}/${name}: ${text}`);
  };

  return {
    publish: (source, objects) =>
      publish("GitRepository", source, {
        spec: { interval: "1h", url: "https://git.example.com/repository" },
        revision: `main@sha1:${(++published).toString(16).padStart(40, "0")}`,
        bytes: packed({ "objects.yaml": textOf(objects) }),
      }),
    publishChart: (source, objects) => {
      const version = `1.0.${++published}`;
      const chart = JSON.stringify({ apiVersion: "v2", name: source.name, version });
      return publish("HelmChart", source, {
        spec: { interval: "1h", chart: source.name, sourceRef: { kind: "HelmRepository", name: "charts" } },
        revision: version,
        bytes: packed({
          [`${source.name}/Chart.yaml`]: chart,
          [`${source.name}/templates/objects.yaml`]: textOf(objects),
        }),
      });
    },
    stop: () =>
      new Promise((stopped) => {
        server.close(() => stopped());
        server.closeAllConnections();
      }),
  };
};
