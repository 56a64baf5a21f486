// Sums up what the test runs left in a folder: `node count.mjs <folder> <status>`, status 0 where all ended well.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const [folder, status] = process.argv.slice(2);
const read = (name) => (existsSync(join(folder, name)) ? readFileSync(join(folder, name), "utf8") : "");

let passed = 0;
let failed = 0;
for (const [, ok, bad] of read("rust.txt").matchAll(/^test result: .* (\d+) passed; (\d+) failed;/gm)) {
  passed += Number(ok);
  failed += Number(bad);
}
const { expected = 0, flaky = 0, unexpected = 0 } = JSON.parse(read("browser.json") || "{}").stats ?? {};
passed += expected + flaky;
failed += unexpected;

// What didn't compile or start has no failed test to its name.
if (status !== "0" && failed === 0) console.error("\nNot all tests ran:\n" + read("unhappy"));
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(status === "0" && failed === 0 && passed > 0 ? 0 : 1);
