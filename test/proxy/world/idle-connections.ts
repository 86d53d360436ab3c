import { readFileSync } from "node:fs";
import { connect } from "node:tls";

/** Opens connections with HTTP/2 that ask for nothing, prints how many are open, and holds them. Arguments: port, CA file, count. */
const [port, caFile = "", count] = process.argv.slice(2);
const ca = readFileSync(caFile);
/** The preface, and no settings. */
const greeting = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0");
let [open, next] = [0, 0];

const openOne = (): void => {
  if (next >= Number(count)) return;
  next += 1;
  const to = { host: "127.0.0.1", port: Number(port), ca, servername: "localhost", ALPNProtocols: ["h2"] };
  const socket = connect(to, () => {
    socket.write(greeting);
    socket.resume();
    open += 1;
    if (open === Number(count)) console.log(`open ${open}`);
    openOne();
  });
  socket.on("error", (error) => {
    console.error(String(error));
    process.exit(1);
  });
};
for (let at = 0; at < 50; at += 1) openOne();
