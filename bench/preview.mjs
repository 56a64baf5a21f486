// Reads a file on the page that imports leads, and by PapaParse in the same page; prints the best of each in milliseconds.
// Run in end2end/: node ../bench/preview.mjs <address> <file>
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join } from "node:path";
const require = createRequire(join(process.cwd(), "package.json"));
const { chromium } = require("@playwright/test");

const [address, file] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
});
const page = await browser.newPage({ bypassCSP: true });
await page.goto(`${address}/sign-in?to=${encodeURIComponent("/p/acme/leads?import=1")}`);
await page.getByLabel("E-mail").fill("ada@tributary.test");
await page.getByLabel("Password", { exact: true }).fill("tributary-demo");
await page.getByRole("button", { name: "Sign in", exact: true }).click();
await page.waitForURL(/\/p\/acme\/leads/);
const drawer = page.getByRole("dialog", { name: "Import leads" });
await page.goto(`${address}/p/acme/leads?import=1`);
await drawer.getByLabel(/drop it here/).waitFor();
await page.addScriptTag({ content: readFileSync(require.resolve("papaparse/papaparse.min.js"), "utf8") });
const text = readFileSync(file, "utf8");
const handle = await page.evaluateHandle((text) => new File([text], "leads.csv", { type: "text/csv" }), text);

const found = { ours: Infinity, papa: Infinity, longest: 0 };
for (let turn = 0; turn < 3; turn += 1) {
  const papa = await page.evaluate(
    (file) =>
      new Promise((done) => {
        const started = performance.now();
        Papa.parse(file, { header: true, complete: () => done(performance.now() - started) });
      }),
    handle,
  );
  const ours = await page.evaluate(
    (file) =>
      new Promise((done) => {
        const longest = { ms: 0 };
        const watch = new PerformanceObserver((list) => {
          for (const task of list.getEntries()) longest.ms = Math.max(longest.ms, task.duration);
        });
        watch.observe({ type: "longtask" });
        const box = document.querySelector("dialog.lead-import");
        const data = new DataTransfer();
        data.items.add(file);
        const seen = new MutationObserver(() => {
          // The preview stands there anew, whatever stood there before.
          if (!box.querySelector("progress") && box.querySelector(".lead-import-counts")) {
            seen.disconnect();
            const ms = performance.now() - started;
            setTimeout(() => {
              watch.disconnect();
              done({ ms, longest: longest.ms });
            }, 200);
          }
        });
        const started = performance.now();
        box.querySelector(".lead-import-box").dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
        seen.observe(box, { childList: true, subtree: true });
      }),
    handle,
  );
  found.papa = Math.min(found.papa, papa);
  found.ours = Math.min(found.ours, ours.ms);
  found.longest = Math.max(found.longest, ours.longest);
}
await browser.close();
console.log(JSON.stringify(found));
