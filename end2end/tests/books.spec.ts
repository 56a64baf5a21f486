import AxeBuilder from "@axe-core/playwright";
import { readFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures";
import { ada, admin, fits, fresh, signIn } from "./people";

// Forms are sent with mistakes in them.
test.use({ expectedTrouble: [/422/] });

/** The lines of the file that a link leads to. */
async function download(page: Page, name: string | RegExp) {
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name }).first().click()]);
  expect(file.suggestedFilename()).toMatch(/^acme-.*\.csv$/);
  return readFileSync(await file.path(), "utf8").trimEnd().split("\r\n");
}

async function accessible(page: Page) {
  const { violations } = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]).analyze();
  expect(violations.map((one) => `${page.url()}: ${one.id} ${one.nodes.map((node) => node.html).slice(0, 3)}`)).toEqual([]);
}

/** Only what is to be read is on paper, and Chromium makes a document of it. */
async function prints(page: Page) {
  await page.emulateMedia({ media: "print" });
  await expect(page.getByRole("button", { name: "Print" })).toBeHidden();
  await expect(page.getByRole("navigation", { name: "Main" })).toBeHidden();
  await page.emulateMedia({ media: null });
  const paper = await page.pdf({ format: "A4" });
  expect(paper.subarray(0, 5).toString()).toBe("%PDF-");
  expect(paper.length).toBeGreaterThan(5_000);
}

/** A partner of this test alone, on whose page the admin stands. */
async function partner(page: Page, hydrated: () => Promise<void>, name: string) {
  await signIn(page, admin, "/admin/acme/partners/import");
  await hydrated();
  await page.getByLabel("The file's text (CSV)").fill(`name,tags\n${name},${name}`);
  await page.getByRole("button", { name: "Preview" }).click();
  await page.getByRole("button", { name: "Import 1 partner" }).click();
  await expect(page.getByText("1 partner imported")).toBeVisible();
  await page.goto(`/admin/acme/partners?q=${name}`);
  await page.getByRole("link", { name, exact: true }).click();
  await expect(page.getByRole("heading", { level: 1, name })).toBeVisible();
  await hydrated();
}

test("a bonus and a correction are posted with their reason", async ({ page, hydrated }) => {
  const name = fresh("bonus");
  await partner(page, hydrated, name);
  await page.getByRole("button", { name: "Bonus or correction" }).click();
  const ask = page.getByRole("dialog", { name: "Add a bonus or correction" });
  await ask.getByLabel("Amount").fill("0");
  await ask.getByRole("button", { name: "Post it" }).click();
  await expect(ask.getByText("Must be above zero.")).toBeVisible();
  await expect(ask.getByText("Must not be empty.")).toBeVisible();
  await accessible(page);
  await ask.getByLabel("Amount").fill("1,000.00");
  await ask.getByLabel("Reason").fill("For the talk in spring");
  await ask.getByRole("button", { name: "Post it" }).click();
  await expect(ask.getByText(/^Leave out separators between thousands/)).toBeVisible();
  await ask.getByLabel("Amount").fill("2000000000000");
  await ask.getByRole("button", { name: "Post it" }).click();
  await expect(ask.getByText("Use at most 1,000,000,000,000.00 USD.")).toBeVisible();
  await ask.getByLabel("Amount").fill("25.50");
  await ask.getByLabel("Reason").fill("For the talk in spring");
  await ask.getByRole("button", { name: "Post it" }).click();
  await expect(page.getByText("Bonus or correction posted")).toBeVisible();
  await expect(ask).toBeHidden();

  await page.getByRole("link", { name: "Ledger", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1, name: `Ledger of ${name}` })).toBeVisible();
  await hydrated();
  const entries = page.getByRole("table", { name: "Ledger entries" });
  await expect(entries.getByRole("row", { name: /Bonus/ })).toContainText("For the talk in spring");
  await page.getByRole("button", { name: "Bonus or correction" }).click();
  await ask.getByLabel("What it does").selectOption("deduction");
  await ask.getByLabel("Amount").fill("30");
  await ask.getByLabel("Reason").fill("Told twice");
  await ask.getByRole("button", { name: "Post it" }).click();
  await expect(entries.getByRole("row", { name: /Correction/ })).toContainText("Told twice");
  await expect(entries.getByRole("row", { name: /Correction/ })).toContainText("\u2212$4.50");

  await page.getByRole("link", { name: "Statements" }).click();
  await expect(page.getByRole("heading", { level: 1, name: `Statements of ${name}` })).toBeVisible();
  await expect(page.getByRole("table", { name: "Statements" }).getByRole("row", { name: /So far/ })).toContainText("\u2212$4.50");
  await page.getByRole("table", { name: "Statements" }).getByRole("link").first().click();
  await expect(page.getByRole("heading", { level: 1, name: /^Statement, / })).toBeVisible();
  await expect(page.getByRole("table", { name: "Entries" }).getByRole("row", { name: /Told twice/ })).toBeVisible();
  await expect(page.getByText(/carried forward/)).toBeVisible();
});

test("the team reads a partner's ledger for any days, and prints it", async ({ page, hydrated }) => {
  await signIn(page, admin, "/admin/acme/partners/ada/ledger");
  await hydrated();
  const entries = page.getByRole("table", { name: "Ledger entries" });
  await expect(entries.getByRole("row").nth(1)).toBeVisible();
  await entries.getByText("Why?").first().click();
  await expect(entries.getByRole("listitem").first()).toBeVisible();
  await page.getByRole("link", { name: "Last month" }).click();
  await page.waitForURL(/from=.*to=/);
  await expect(page.getByText("Opening balance")).toBeVisible();
  expect((await download(page, "Download ledger as CSV"))[0]).toContain("Posted on,Entry,Reason");
  await page.getByLabel("From").fill("2026-02-02");
  await page.getByLabel("To", { exact: true }).fill("2026-02-01");
  await page.getByRole("button", { name: "Show" }).click();
  await expect(page.getByText("The range ends before it begins.")).toBeVisible();
  await expect(page.getByLabel("To", { exact: true })).toHaveValue("2026-02-01");
  await page.getByRole("link", { name: "All", exact: true }).click();
  await expect(entries.getByRole("row").nth(1)).toBeVisible();
  await accessible(page);
  await prints(page);
  await page.setViewportSize({ width: 390, height: 900 });
  await fits(page);
});

test("a partner's statements are final once the month is over", async ({ page, hydrated }) => {
  await signIn(page, ada, "/p/acme");
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Statements" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Statements" })).toBeVisible();
  await hydrated();
  const months = page.getByRole("table", { name: "Statements" });
  await expect(months.getByText("So far")).toHaveCount(1);
  await page.setViewportSize({ width: 390, height: 900 });
  await expect(months.getByText(/Commissions \$/).first()).toBeVisible();
  await fits(page);
  await page.setViewportSize({ width: 1440, height: 900 });
  const last = months.getByRole("row", { name: /Final/ }).first();
  const closing = await last.getByRole("cell").nth(6).innerText();
  await last.getByRole("link").click();
  await expect(page.getByRole("heading", { level: 1, name: /^Statement, / })).toBeVisible();
  await hydrated();
  await expect(page.getByText("Final", { exact: true })).toBeVisible();
  await expect(page.getByRole("table", { name: "Summary" }).getByRole("row", { name: /Closing balance/ })).toContainText(closing);
  await accessible(page);
  await prints(page);
  expect((await download(page, "Download statement as CSV"))[0]).toContain("Posted on");
  await page.setViewportSize({ width: 390, height: 900 });
  await fits(page);
});

test("finance sees what is owed at any time, and takes the journal away", async ({ page, hydrated }) => {
  await signIn(page, admin, "/admin/acme");
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Finance" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Finance" })).toBeVisible();
  await hydrated();
  const total = page.getByRole("table", { name: "Trial balance" }).getByRole("row", { name: /^Total/ });
  const [debit, credit] = await total.getByRole("cell").allInnerTexts().then((cells) => cells.slice(1));
  expect(debit).toBe(credit);
  await expect(page.getByText("As of now")).toBeVisible();
  const figure = async (label: string) => {
    const tile = page.locator(".tiles > *").filter({ has: page.getByText(label, { exact: true }) });
    const text = await tile.getByText(/^\u2212?\$[\d,.]+$/).first().innerText();
    return Math.round(Number(text.replace("\u2212", "-").replace(/[$,]/g, "")) * 100);
  };
  const [owed, carried, held] = [await figure("Owed to partners"), await figure("Owed by partners, carried forward"), await figure("On hold")];
  expect(Math.min(owed, carried, held)).toBeGreaterThanOrEqual(0);
  expect(await figure("Liability to partners")).toBe(owed - carried + held);
  const today = new Date();
  const first = new Date(Date.UTC(today.getUTCFullYear(), today.getUTCMonth() - 1, 15)).toISOString().slice(0, 10);
  await page.getByLabel("As of").fill(`${first}T12:00`);
  await page.getByRole("button", { name: "Show", exact: true }).click();
  await page.waitForURL(/at=/);
  await expect(page.getByText(/^As of \d/)).toBeVisible();
  const accounts = await download(page, "Download trial balance as CSV");
  expect(accounts[0]).toContain("Account,Debit,Credit,Currency");
  const days = await download(page, "Download daily totals of the journal as CSV");
  expect(days.length).toBeGreaterThan(1);
  const lines = await download(page, "Download every entry of the journal as CSV");
  const cents = (column: number) => lines.slice(1).reduce((sum, line) => sum + Math.round(Number(line.split(",")[column]) * 100), 0);
  expect(cents(2)).toBe(cents(3));
  await page.getByLabel("As of").fill("2199-01-01T12:00");
  await page.getByRole("button", { name: "Show", exact: true }).click();
  await expect(page.getByText("This time has not come yet.")).toBeVisible();
  await page.goto("/admin/acme/finance?from=2026-02-02&to=2026-02-01");
  await expect(page.getByText("The range ends before it begins.")).toBeVisible();
  await expect(page.getByRole("link", { name: /journal as CSV/ })).toHaveCount(0);
  expect((await page.request.get("/admin/acme/export/journal-days.csv?from=x")).status()).toBe(422);
  await accessible(page);
  await page.setViewportSize({ width: 390, height: 900 });
  await fits(page);
});
