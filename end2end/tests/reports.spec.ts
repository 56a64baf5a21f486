import { readFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures";
import { ada, admin, fits, signIn } from "./people";

/** The lines of the file that a link leads to. */
async function download(page: Page, name: string | RegExp) {
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name }).first().click()]);
  expect(file.suggestedFilename()).toMatch(/^acme-.*\.csv$/);
  return readFileSync(await file.path(), "utf8").trimEnd().split("\r\n");
}

test("details show performance over time and the Top 10s", async ({ page, hydrated }) => {
  await signIn(page, ada, "/p/acme");
  await hydrated();
  await page.getByRole("navigation", { name: "My figures" }).getByRole("link", { name: "Details" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Details" })).toBeVisible();
  await page.getByRole("button", { name: /Period/ }).click();
  await page.getByRole("link", { name: "Last 12 months" }).click();
  await page.waitForURL(/period=12m/);
  await expect(page.getByRole("link", { name: "By month" })).toHaveAttribute("href", /period=12m/);
  await page.getByRole("link", { name: "By month" }).click();
  await page.waitForURL(/unit=month/);
  await expect(page.getByRole("row", { name: /^Total/ })).toBeVisible();
  for (const list of ["Links", "Landing pages", "Referrers", "Countries", "Sub-ids", "Customers"]) {
    await expect(page.getByRole("heading", { level: 2, name: list, exact: true })).toBeVisible();
  }
  await expect(page.getByRole("table", { name: "Top 10: Referrers" }).getByRole("row", { name: /google\.com/ })).toBeVisible();
  const months = await download(page, "Download performance as CSV");
  expect(months.length).toBeGreaterThanOrEqual(12);
  const countries = await download(page, "Download countries as CSV");
  expect(countries[0]).toContain("Countries,Clicks,Unique clicks");
});

test("rewards are filtered, summed by status and downloaded", async ({ page, hydrated }) => {
  await signIn(page, ada, "/p/acme/commissions");
  await hydrated();
  await page.getByLabel("Status").selectOption("paid");
  await page.getByRole("button", { name: "Show" }).click();
  await page.waitForURL(/status=paid/);
  await expect(page.getByRole("table", { name: "Commissions" }).getByText(/^Paid/).filter({ visible: true }).first()).toBeVisible();
  const file = await download(page, "Download rewards as CSV");
  expect(file.length).toBeGreaterThan(1);
  expect(file.slice(1).every((line) => line.includes(",paid,"))).toBe(true);
});

test("payouts of days that can't be are told beside the field", async ({ page, hydrated }) => {
  await signIn(page, ada, "/p/acme/payouts");
  await hydrated();
  await page.getByLabel("From").fill("2199-02-02");
  await page.getByLabel("To", { exact: true }).fill("2199-02-01");
  await page.getByRole("button", { name: "Show" }).click();
  await expect(page.getByText("The range ends before it begins.")).toBeVisible();
  await expect(page.getByLabel("To", { exact: true })).toHaveValue("2199-02-01");
  await expect(page.getByLabel("Status").getByRole("option")).toHaveText([
    "Any status", "Recorded", "Sent", "Paid", "Failed: due again", "Cancelled: due again",
  ]);
});

test("a payout tells what it paid for", async ({ page, hydrated }) => {
  await signIn(page, ada, "/p/acme/payouts");
  await hydrated();
  await page.getByRole("table", { name: "Payouts" }).getByRole("link").first().click();
  await expect(page.getByRole("heading", { level: 1, name: "Payout" })).toBeVisible();
  await expect(page.getByRole("heading", { level: 2, name: "Remittance advice" })).toBeVisible();
  await expect(page.getByRole("table", { name: "What it paid for" }).getByRole("row").nth(1)).toBeVisible();
  await page.emulateMedia({ media: "print" });
  await expect(page.getByRole("button", { name: "Print" })).toBeHidden();
  await expect(page.getByRole("navigation", { name: "Main" })).toBeHidden();
  await page.emulateMedia({ media: "screen" });
  const lines = await download(page, "Download payout as CSV");
  expect(lines.length).toBeGreaterThan(1);
});

test("the ledger of any days runs from an opening to a closing balance", async ({ page, hydrated }) => {
  await signIn(page, ada, "/p/acme/ledger");
  await hydrated();
  const today = new Date();
  const first = new Date(Date.UTC(today.getUTCFullYear(), today.getUTCMonth() - 2, 1)).toISOString().slice(0, 10);
  await page.getByLabel("From").fill(first);
  await page.getByRole("button", { name: "Show" }).click();
  await page.waitForURL(/from=/);
  await expect(page.getByText("Opening balance")).toBeVisible();
  await expect(page.getByText("Closing balance")).toBeVisible();
  expect((await download(page, "Download ledger as CSV")).length).toBeGreaterThan(1);
});

test("sales and commissions are reported", async ({ page, hydrated }) => {
  await signIn(page, ada, "/p/acme/sales");
  await hydrated();
  await expect(page.getByRole("table", { name: "Sales" }).getByRole("row", { name: /•••@/ }).first()).toBeVisible();
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Commissions", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Commissions" })).toBeVisible();
  await expect(page.getByRole("row", { name: /^Total/ })).toBeVisible();
});

test("the team reads performance, top partners, inactive partners and cohorts", async ({ page, hydrated }) => {
  await signIn(page, admin, "/admin/acme/reports?period=12m");
  await hydrated();
  const reports = page.getByRole("navigation", { name: "Reports" });
  await expect(page.getByRole("row", { name: /^Total/ })).toBeVisible();
  await expect(page.getByRole("row").last()).toContainText("Previous period");
  await expect(page.getByRole("columnheader", { name: "Sign-up rate" })).toBeVisible();
  await page.goto("/admin/acme/reports?from=2001-01-01&to=2026-01-01&unit=month");
  await hydrated();
  await expect(page.getByText(/^At most three years: showing/)).toBeVisible();
  await reports.getByRole("link", { name: "Top partners" }).click();
  await page.getByRole("link", { name: "By clicks" }).click();
  await page.waitForURL(/by=clicks/);
  await expect(page.getByRole("table", { name: "Top partners" }).getByRole("row").nth(1)).toBeVisible();
  expect((await download(page, "Download top partners as CSV"))[0]).toContain("Partner code");
  await reports.getByRole("link", { name: "Inactive" }).click();
  await page.getByLabel("Days without a click or sale").fill("1");
  await page.getByRole("button", { name: "Show" }).click();
  await page.waitForURL(/days=1/);
  await expect(page.getByRole("heading", { level: 2, name: "No click or sale today" })).toBeVisible();
  await page.getByLabel("Days without a click or sale").fill("many");
  await page.getByRole("button", { name: "Show" }).click();
  await expect(page.getByText("Choose 1 to 730 days.")).toBeVisible();
  await expect(page.getByLabel("Days without a click or sale")).toHaveValue("many");
  await reports.getByRole("link", { name: "Cohorts" }).click();
  const cohorts = page.getByRole("table", { name: "Cohorts of customers" });
  await expect(cohorts.getByRole("row", { name: /^All/ })).toBeVisible();
  await page.getByRole("link", { name: "In percent" }).click();
  await page.waitForURL(/show=share/);
  await expect(cohorts.getByRole("row", { name: /^All/ })).toContainText("100%");
  await page.getByRole("link", { name: "Revenue" }).click();
  await page.waitForURL(/show=revenue/);
  await page.setViewportSize({ width: 390, height: 900 });
  await fits(page);
});

test("the team's lists are downloaded as they are filtered", async ({ page, hydrated }) => {
  await signIn(page, admin, "/admin/acme/partners");
  for (const list of ["partners", "customers", "sales", "commissions", "payments", "leads"]) {
    await page.goto(`/admin/acme/${list}`);
    await hydrated();
    expect((await download(page, `Download ${list} as CSV`))[0]).toContain("Partner code");
  }
  await page.goto("/admin/acme/partners?status=active&order=name");
  await hydrated();
  const active = await download(page, "Download partners as CSV");
  expect(active.length).toBeGreaterThan(1);
  expect(active.slice(1).every((line) => line.includes(",active,"))).toBe(true);
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false, expectedTrouble: [/\.js csp$/] });
  test("reports are complete, and their files are there", async ({ page }) => {
    await signIn(page, ada, "/p/acme/details?period=90d&unit=week");
    await expect(page.getByRole("row", { name: /^Total/ })).toBeVisible();
    expect((await download(page, "Download performance as CSV")).length).toBeGreaterThan(12);
  });
});
