import { readFileSync } from "node:fs";
import { freshPort, port } from "./playwright.config";

/** No request of any test may have left a panic behind. */
export default function teardown() {
  for (const each of [port, freshPort]) {
    const log = readFileSync(`../var/test/server-${each}.log`, "utf8");
    const panics = log.split("\n").filter((line) => line.includes("panicked"));
    if (panics.length > 0) throw new Error(`the server on port ${each} panicked:\n${panics.join("\n")}`);
  }
}
