// GitHub's own client asks who the app is: node octokit_client.mjs NODE_MODULES < {"url", "client_id", "key"}
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const from = (name) => import(pathToFileURL(`${process.argv[2]}/@octokit/${name}/${name === "request" ? "dist-bundle" : "dist-node"}/index.js`));
const { createAppAuth } = await from("auth-app");
const { request } = await from("request");
const job = JSON.parse(readFileSync(0, "utf8"));
const quiet = { warn() {}, info() {}, debug() {}, error() {} };
const plain = request.defaults({ baseUrl: new URL(job.url).origin });
const auth = createAppAuth({ appId: job.client_id, privateKey: job.key, request: plain, log: quiet });
try {
  const told = await plain.defaults({ request: { hook: auth.hook } })("GET /app");
  console.log(JSON.stringify({ granted: told.data.name }));
} catch (problem) {
  console.log(JSON.stringify({ refused: `${problem.name}: ${problem.message}` }));
}
