// What the browser tests run against: the release build in dist/ on a database of its own, new for each run, and a mail
// server. `node serve.mjs <port> <mail port> [demo]`; DATABASE_URL names the Postgres.
import { spawn, spawnSync } from "node:child_process";
import { createWriteStream, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import pg from "pg";

const [port, mailPort, demo] = process.argv.slice(2);
const root = fileURLToPath(new URL("..", import.meta.url));
const smtpPort = Number(mailPort) - 1;

const database = new URL(process.env.DATABASE_URL);
const client = new pg.Client({ connectionString: database.href });
await client.connect();
const name = `tributary_end2end_${port}`;
await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
await client.query(`CREATE DATABASE ${name}`);
await client.end();
database.pathname = `/${name}`;

const env = {
  ...process.env,
  DATABASE_URL: database.href,
  LEPTOS_SITE_ADDR: `127.0.0.1:${port}`,
  PUBLIC_URL: `http://127.0.0.1:${port}`,
  SMTP_URL: `smtp://127.0.0.1:${smtpPort}`,
  ...(demo && { TRIBUTARY_DEMO: "true" }),
};
for (const command of demo ? ["migrate", "demo"] : ["migrate"]) {
  const { status } = spawnSync("dist/tributary", [command], { cwd: root, env, stdio: "inherit" });
  if (status !== 0) process.exit(1);
}

const mail = spawn(
  "end2end/node_modules/.bin/maildev",
  ["--ip", "127.0.0.1", "--smtp", smtpPort, "--web", mailPort, "--silent"],
  { cwd: root, stdio: "inherit" },
);
const server = spawn("dist/tributary", ["serve"], { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
// Tests read it: the token of the first run, and that no request left a panic behind.
mkdirSync(`${root}/var/test`, { recursive: true });
const log = createWriteStream(`${root}/var/test/server-${port}.log`);
server.stdout.pipe(log);
server.stderr.pipe(log);
server.on("exit", (code) => {
  if (code) console.error(`the server ended with ${code}: see var/test/server-${port}.log`);
  mail.kill();
  process.exit(code ?? 0);
});
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => server.kill(signal));
