import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { askOf } from "./ask.ts";
import { allow, questionIn, reviewIn } from "./review.ts";

const [cert = "", key = "", registry] = process.argv.slice(2);
const ask = registry === undefined ? undefined : askOf(registry);

/** The least that Node needs to serve reviews: parse, ask the cluster of the registry if there is one, and allow. */
const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const review = reviewIn(Buffer.concat(chunks).toString("utf8"));
  await ask?.(questionIn(review));
  const { statusCode, headers, body } = allow(review.request.uid);
  response.writeHead(statusCode, headers).end(body);
});
server.listen(0, "127.0.0.1", () => {
  console.log(`listening on https://localhost:${(server.address() as AddressInfo).port} `);
});
