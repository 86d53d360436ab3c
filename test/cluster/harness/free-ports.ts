import { randomInt } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";

/** From 32768 on, the system gives ports to any client and server that asks for some port (`ip_local_port_range`), between the choice and the use. */
const [lowest, end] = [10_000, 32_768];

const listening = async (): Promise<Server> => {
  for (;;) {
    try {
      const server = createServer();
      await once(server.listen(randomInt(lowest, end), "127.0.0.1"), "listening");
      return server;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    }
  }
};

/** Free ports of the loopback interface. All are held open while they are chosen, so that no two are the same. */
export const freePorts = async (count: number): Promise<readonly number[]> => {
  const servers = await Promise.all(Array.from({ length: count }, listening));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
};
