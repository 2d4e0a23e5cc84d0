// Real TLS connections to itself: whether Node accepts each server of a JSON list of {root, chain, key, name}.
// Prints a JSON list: empty strings for yes, the reason for no.

import net from "node:net";
import { text } from "node:stream/consumers";
import tls from "node:tls";

function check({ root, chain, key, name }) {
  return new Promise((resolve) => {
    const server = tls.createServer({ key, cert: chain });
    server.on("tlsClientError", () => {}); // the client says why
    server.listen(0, "127.0.0.1", () => {
      const client = tls.connect({
        host: "127.0.0.1",
        port: server.address().port,
        ca: root,
        servername: net.isIP(name) ? "" : name,
        // An address that is not this machine's is asked for all the same.
        checkServerIdentity: (_host, certificate) => tls.checkServerIdentity(name, certificate),
      });
      const end = (reason) => {
        client.destroy();
        server.close(() => resolve(reason));
      };
      client.on("secureConnect", () => end(client.authorized ? "" : "not authorized"));
      client.on("error", (error) => end(`${error.code}: ${error.message}`));
    });
  });
}

const answers = [];
for (const shown of JSON.parse(await text(process.stdin))) {
  answers.push(await check(shown));
}
console.log(JSON.stringify(answers));
