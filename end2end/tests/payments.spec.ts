import AxeBuilder from "@axe-core/playwright";
import { readFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures";
import { enter, fits, visit } from "./people";

/** Opens the oldest batch of the list: no other test changes that one. */
async function oldest(page: Page) {
  await enter(page, "/admin/acme/payments");
  const address = await page.getByRole("table", { name: "Payment batches" }).getByRole("link").last().getAttribute("href");
  await visit(page, address!);
  return address!;
}

async function accessible(page: Page) {
  const { violations } = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]).analyze();
  expect(violations.map((one) => `${one.id} ${one.nodes.map((node) => node.html).slice(0, 3)}`)).toEqual([]);
}

const payments = (page: Page) => page.getByRole("table", { name: "Payments of the batch" });

/** The batch's file, as rows of cells without quotes: none of those that are looked at has one. */
async function download(page: Page) {
  const link = page.getByRole("link", { name: "Download payments of the batch as CSV" });
  const [file] = await Promise.all([page.waitForEvent("download"), link.click()]);
  expect(file.suggestedFilename()).toMatch(/^acme-batch-.*\.csv$/);
  return readFileSync(await file.path(), "utf8").replace("\ufeff", "").trimEnd().split("\r\n");
}

/** Chooses a result file, and has it checked. */
async function check(page: Page, lines: string[] | Buffer) {
  const buffer = Buffer.isBuffer(lines) ? lines : Buffer.from(lines.join("\n"));
  await page.getByLabel(/^Result file/).setInputFiles({ name: "results.csv", mimeType: "text/csv", buffer });
  await page.getByRole("button", { name: "Check the file" }).click();
}

test.use({ expectedTrouble: [/422/] });

test("what became of a batch's payments is marked, and told by a provider's file", async ({ page, hydrated }) => {
  await oldest(page);
  await expect(page.getByRole("table", { name: "Totals by method and currency" }).getByRole("row").nth(1)).toBeVisible();
  await accessible(page);
  const rows = payments(page).getByRole("row").filter({ has: page.getByRole("checkbox", { name: /^Choose the payment/ }) });
  await rows.filter({ hasText: "Recorded" }).first().getByRole("checkbox").check();
  await expect(page.getByText("1 chosen")).toBeVisible();
  await page.getByRole("button", { name: "Mark sent" }).click();
  await expect(page.getByText("1 payment marked.")).toBeVisible();
  // What was chosen is done: nothing is chosen any more.
  await expect(page.getByText("Choose payments, then what became of them")).toBeVisible();
  await expect(payments(page).getByRole("checkbox", { checked: true })).toHaveCount(0);
  await page.getByRole("navigation", { name: "Payments by status" }).getByRole("link", { name: /^Sent/ }).click();
  await page.waitForURL(/status=sent/);
  await expect(payments(page).locator(".pill", { hasText: "Sent" }).first()).toBeVisible();

  const [head, line] = await download(page);
  expect(head).toContain("Reference,Partner code");
  const columns = head.split(",");
  const cells = line.split(",");
  const of = (name: string) => cells[columns.indexOf(name)];
  const results = "Reference,Amount,Currency,Status,Transaction ID";
  await check(page, [results, `NOBODY,1.00,${of("Currency")},sent,`, `${of("Reference")},0.01,${of("Currency")},sent,`]);
  const lines = page.getByRole("table", { name: "Lines of the result file" });
  await expect(lines.getByText("No payment of this batch has this reference.")).toBeVisible();
  await expect(lines.getByText(/The payment is of/)).toBeVisible();
  await expect(page.getByRole("button", { name: /^Apply/ })).toHaveCount(0);
  await accessible(page);
  await check(page, Buffer.from(""));
  await expect(page.getByText("The file is empty.")).toBeVisible();
  await check(page, Buffer.from("R\xe9f\xe9rence,Amount\n", "latin1"));
  await expect(page.getByText("Save the file as CSV in UTF-8, then choose it again.")).toBeVisible();
  await check(page, [results, `${of("Reference")},${of("Amount")},${of("Currency")},Completed,TX-1042`]);
  await expect(page.getByText("In 1 line: 1 confirmed.")).toBeVisible();
  await expect(lines.getByText("Will be confirmed")).toBeVisible();
  await page.getByRole("button", { name: "Apply 1 change" }).click();
  await expect(page.getByText("Results applied")).toBeVisible();
  await page.goto(new URL(page.url()).pathname);
  await hydrated();
  const confirmed = payments(page).getByRole("row").filter({ hasText: of("Reference") });
  await expect(confirmed.locator(".pill:visible", { hasText: "Confirmed" })).toBeVisible();
  await expect(confirmed).toContainText("TX-1042");
  await check(page, [results, `${of("Reference")},${of("Amount")},${of("Currency")},failed,TX-1042`]);
  await expect(lines.getByText("Will be marked failed: due again")).toBeVisible();
  await expect(lines.getByText(/^Was confirmed on /)).toBeVisible();
  await page.setViewportSize({ width: 390, height: 900 });
  // A phone shows the reference and what can be done below each row.
  await expect(confirmed.getByText(of("Reference"))).toBeVisible();
  await expect(confirmed.getByRole("link", { name: /^Remittance advice for/ })).toBeVisible();
  await expect(confirmed.getByRole("button", { name: /^Take back the payment to/ })).toBeVisible();
  await fits(page);
});

test("payments are taken back with a reason alone", async ({ page }) => {
  await oldest(page);
  const rows = payments(page).getByRole("row").filter({ has: page.getByRole("checkbox", { name: /^Choose the payment/ }) });
  await rows.last().getByRole("checkbox").check();
  await page.getByRole("button", { name: "Mark failed or cancelled" }).click();
  const dialog = page.getByRole("dialog", { name: "Take the chosen payments back?" });
  await dialog.getByRole("button", { name: "They failed" }).click();
  await expect(dialog.getByText("Say why, in at most 500 characters.")).toBeVisible();
  await dialog.getByRole("button", { name: "Cancel" }).click();
});

test("the files for the providers tell what they leave out", async ({ page }) => {
  await oldest(page);
  await page.getByRole("button", { name: "Prepare the files" }).click();
  await expect(page.getByText(/No payment is left for a file|file 1/).first()).toBeVisible();
  await accessible(page);
});

test("all remittance advices print, each on a page of its own", async ({ page, hydrated }) => {
  const address = await oldest(page);
  await page.getByRole("link", { name: "Remittance advices" }).click();
  await page.waitForURL(`**${address}/advices`);
  await hydrated();
  const advices = page.getByRole("heading", { level: 2, name: "Remittance advice" });
  await expect(advices.first()).toBeVisible();
  await accessible(page);
  const count = await advices.count();
  await page.emulateMedia({ media: "print" });
  await expect(page.getByRole("button", { name: "Print" })).toBeHidden();
  const pdf = (await page.pdf({ format: "A4" })).toString("latin1");
  expect((pdf.match(/\/Type\s*\/Page\b(?!s)/g) ?? []).length).toBeGreaterThanOrEqual(count);
});
