import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { processCost } from "../support/process-cost.ts";
import { runtimeClient } from "./runtime-client.ts";

/** A deployment: the folder of an unpacked zip, and the function's environment. */
export interface Deployment {
  readonly taskRoot: string;
  readonly handler: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** One instance of the function, as Lambda keeps it. */
export interface Instance {
  readonly pid: number;
  /** From start to the first request for work, in milliseconds: what Lambda reports as Init Duration. */
  readonly initMilliseconds: number;
  /** CPU time of the init; undefined where the system does not report it. */
  readonly initCpuMilliseconds: number | undefined;
  /** Sends an event and returns the handler's answer. Rejects with the error that the handler threw. */
  readonly invoke: (event: unknown, milliseconds?: number) => Promise<unknown>;
  /**
   * Sends an event to a handler that streams, and passes its answer on as it arrives: a request of the runtime client's. Resolves when the
   * instance asks for more work.
   */
  readonly stream: (event: unknown, take: (answer: IncomingMessage) => void, milliseconds?: number) => Promise<void>;
  /** Lambda freezes an instance between invocations. */
  readonly freeze: () => void;
  readonly thaw: () => void;
  /** The text on its stdout and stderr so far. */
  readonly output: () => string;
  readonly stop: () => Promise<void>;
}

interface Work {
  readonly id: string;
  readonly event: string;
  readonly deadline: number;
  readonly done: PromiseWithResolvers<unknown>;
  readonly take?: (answer: IncomingMessage) => void;
}

const textOf = async (request: IncomingMessage) => {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) text += chunk;
  return text;
};

const environmentOf = ({ handler, taskRoot, environment }: Deployment, api: string) => ({
  PATH: process.env["PATH"],
  AWS_LAMBDA_RUNTIME_API: api,
  _HANDLER: handler,
  LAMBDA_TASK_ROOT: taskRoot,
  AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x",
  AWS_REGION: "eu-west-1",
  AWS_LAMBDA_FUNCTION_NAME: "admission",
  AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "512",
  AWS_LAMBDA_LOG_GROUP_NAME: "/aws/lambda/admission",
  AWS_LAMBDA_LOG_STREAM_NAME: "stream",
  ...environment,
});

/**
 * Starts the real Lambda runtime client on a deployment and plays the Runtime API for it
 * (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html). Rejects when the function does not come up.
 */
export const startInstance = async (deployment: Deployment): Promise<Instance> => {
  const waiting: Work[] = [];
  let current: Work | undefined;
  let idle: ServerResponse | undefined;
  let child: ChildProcess | undefined;
  const up = Promise.withResolvers<{ readonly at: number; readonly cpu: number | undefined }>();

  const handOut = () => {
    const work = idle && waiting.shift();
    if (!idle || !work) return;
    idle.writeHead(200, {
      "content-type": "application/json",
      "lambda-runtime-aws-request-id": work.id,
      "lambda-runtime-deadline-ms": String(work.deadline),
      "lambda-runtime-invoked-function-arn": "arn:aws:lambda:eu-west-1:123456789012:function:admission",
    });
    idle.end(work.event);
    [current, idle] = [work, undefined];
  };

  const server = createServer(async (request, response) => {
    const step = request.url?.replace(/^\/2018-06-01\/runtime\/(invocation\/)?/, "").replace(/^[0-9a-f-]{36}\//, "");
    if (step === "next") {
      up.resolve({ at: performance.now(), cpu: processCost(child?.pid ?? 0).cpu });
      idle = response;
      if (current?.take) current.done.resolve(undefined);
      return handOut();
    }
    if (step === "response" && current?.take) {
      current.take(request);
      request.once("end", () => response.writeHead(202).end('{"status":"OK"}'));
      return;
    }
    const text = await textOf(request);
    response.writeHead(202, { "content-type": "application/json" }).end('{"status":"OK"}');
    if (step === "response") current?.done.resolve(JSON.parse(text));
    else if (step === "error") current?.done.reject(new Error(text));
    else up.reject(new Error(`the function did not come up: ${text}`));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const api = `127.0.0.1:${(server.address() as AddressInfo).port}`;

  const startedAt = performance.now();
  const started = spawn(process.execPath, [runtimeClient], {
    cwd: deployment.taskRoot,
    env: environmentOf(deployment, api),
    stdio: ["ignore", "pipe", "pipe"],
  });
  child = started;
  let output = "";
  for (const stream of [started.stdout, started.stderr])
    stream.setEncoding("utf8").on("data", (text) => (output += text));
  const exited = once(started, "exit").then(([code, signal]) => {
    const error = new Error(`the runtime ended (${signal ?? code}): ${output}`);
    up.reject(error);
    for (const work of current ? [current, ...waiting] : waiting) work.done.reject(error);
  });
  const stop = async () => {
    started.kill("SIGKILL");
    await exited;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };

  const { at, cpu } = await up.promise.catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  const invoke = (event: unknown, milliseconds = 15_000, take?: Work["take"]): Promise<unknown> => {
    const done = Promise.withResolvers<unknown>();
    const work = { id: randomUUID(), event: JSON.stringify(event), deadline: Date.now() + milliseconds, done };
    waiting.push({ ...work, ...(take && { take }) });
    handOut();
    return done.promise;
  };
  return {
    pid: started.pid ?? 0,
    initMilliseconds: at - startedAt,
    initCpuMilliseconds: cpu,
    invoke,
    stream: async (event, take, milliseconds) => {
      await invoke(event, milliseconds, take);
    },
    freeze: () => started.kill("SIGSTOP"),
    thaw: () => started.kill("SIGCONT"),
    output: () => output,
    stop,
  };
};
