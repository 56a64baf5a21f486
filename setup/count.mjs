// Sums up what the test runs left in a folder: `node count.mjs <folder> <status>`, status 0 where all ended well.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";

const [folder, status] = process.argv.slice(2);
const read = (name) => (existsSync(join(folder, name)) ? readFileSync(join(folder, name), "utf8") : "");

let passed = 0;
let failed = 0;
for (const [, ok, bad] of read("rust.txt").matchAll(/^test result: .* (\d+) passed; (\d+) failed;/gm)) {
  passed += Number(ok);
  failed += Number(bad);
}
const browser = JSON.parse(read("browser.json") || "{}");
const { expected = 0, flaky = 0, unexpected = 0 } = browser.stats ?? {};
passed += expected + flaky;
failed += unexpected;

// The reasons stand above, far up: once more where they are looked for.
const reasons = (suite) => [
  ...(suite.suites ?? []).flatMap(reasons),
  ...(suite.specs ?? []).filter((spec) => !spec.ok).map((spec) => {
    const error = spec.tests[0]?.results.at(-1)?.errors[0]?.message ?? "no error";
    return `${spec.file}:${spec.line} ${spec.title}: ${stripVTControlCharacters(error).replace(/\s+/g, " ").slice(0, 300)}`;
  }),
];
const told = reasons(browser);
for (const [, test] of read("rust.txt").matchAll(/^test (.*) \.\.\. FAILED$/gm)) told.push(test);
if (told.length > 0) console.error(`\nFailed:\n${told.join("\n")}`);

// What didn't compile or start has no failed test to its name.
if (status !== "0" && failed === 0) console.error("\nNot all tests ran:\n" + read("unhappy"));
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(status === "0" && failed === 0 && passed > 0 ? 0 : 1);
