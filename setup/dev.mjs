// Serves what `make quick` builds, again whenever a source changes, and reloads the browser: `make dev`.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { watch } from "node:fs";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const target = process.env.CARGO_TARGET_DIR;
const site = `${root}/var/site`;
const reloadPort = 3001; // `reload-port` in Leptos.toml
const address = process.env.LEPTOS_SITE_ADDR ?? "127.0.0.1:3000";
const env = { ...process.env, LEPTOS_SITE_ROOT: site, LEPTOS_WATCH: "1", PUBLIC_URL: `http://${address}`, TRIBUTARY_DEMO: "true" };

const run = (command, ...args) =>
  new Promise((resolve) => {
    spawn(command, args, { cwd: root, env, stdio: "inherit" }).on("exit", (code) => resolve(code === 0));
  });

const build = () => run("make", "quick");

let server;
async function restart() {
  if (server && server.exitCode === null) {
    const ended = new Promise((resolve) => server.on("exit", resolve));
    server.kill("SIGTERM");
    await ended;
  }
  if (!(await run(`${target}/debug/tributary`, "migrate"))) return;
  server = spawn(`${target}/debug/tributary`, ["serve"], { cwd: root, env, stdio: "inherit" });
  while (server.exitCode === null) {
    const ready = await fetch(`http://${address}/readyz`).then((answer) => answer.ok, () => false);
    if (ready) return reload();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

// Leptos's AutoReload listens on a WebSocket; all that it is ever told is one short text.
const pages = new Set();
createServer()
  .on("upgrade", (request, socket) => {
    const key = request.headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    const accept = createHash("sha1").update(key).digest("base64");
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    pages.add(socket);
    socket.on("close", () => pages.delete(socket)).on("error", () => pages.delete(socket));
  })
  .listen(reloadPort, "127.0.0.1");

function reload() {
  const message = Buffer.from('{"all":"reload"}');
  for (const page of pages) page.write(Buffer.concat([Buffer.from([0x81, message.length]), message]));
  console.log(`\n  http://${address} (reloads when a source changes)\n`);
}

let building = false;
let changed = true;
async function work() {
  if (building) return;
  building = true;
  while (changed) {
    changed = false;
    if (await build()) await restart();
  }
  building = false;
}

let soon;
for (const folder of ["app", "domain", "frontend", "public", "server", "style"]) {
  watch(`${root}/${folder}`, { recursive: true }, (_event, name) => {
    if (!name || name.includes("node_modules") || name.endsWith("~")) return;
    changed = true;
    clearTimeout(soon);
    soon = setTimeout(work, 200);
  });
}
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => {
    server?.kill("SIGTERM");
    process.exit(0);
  });
}
await work();
