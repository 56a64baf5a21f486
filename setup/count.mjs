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

// The reasons stand above, far up: once more where they are looked for. CI keeps no files, so what the page showed is told too.
const shown = (result) => {
  const { path } = result.attachments.find((attachment) => attachment.name === "error-context") ?? {};
  if (!path || !existsSync(path)) return "";
  return /```yaml\n([^]*?)```/.exec(readFileSync(path, "utf8"))?.[1].slice(0, 5000) ?? "";
};
const reasons = (suite, wanted) => [
  ...(suite.suites ?? []).flatMap((inner) => reasons(inner, wanted)),
  ...(suite.specs ?? []).filter((spec) => spec.tests[0]?.status === wanted).map((spec) => {
    const results = spec.tests[0].results.filter((result) => result.status !== "passed");
    const errors = results.flatMap((result) => result.errors).map((error) => {
      const words = stripVTControlCharacters(error.message ?? "no error").replace(/\s+/g, " ").slice(0, 600);
      return `  ${error.location ? `line ${error.location.line}: ` : ""}${words}`;
    });
    return [`${spec.file}:${spec.line} ${spec.title}`, ...errors, ...results.slice(-1).map(shown)].join("\n");
  }),
];
const told = reasons(browser, "unexpected");
for (const [, test] of read("rust.txt").matchAll(/^test (.*) \.\.\. FAILED$/gm)) told.push(test);
const unsteady = reasons(browser, "flaky");
if (unsteady.length > 0) console.error(`\nPassed at the second attempt, which is a bug somewhere:\n${unsteady.join("\n")}`);
if (told.length > 0) console.error(`\nFailed:\n${told.join("\n")}`);

// What didn't compile or start has no failed test to its name.
if (status !== "0" && failed === 0) console.error("\nNot all tests ran:\n" + read("unhappy"));
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(status === "0" && failed === 0 && passed > 0 ? 0 : 1);
