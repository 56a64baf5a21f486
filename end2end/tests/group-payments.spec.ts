import AxeBuilder from "@axe-core/playwright";
import { readFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures";
import { linkIn, mailTo } from "./mail";
import { enter, fits, fresh, invite, password, processPayments, visit } from "./people";

// Forms are sent with mistakes in them.
test.use({ expectedTrouble: [/422/] });

async function accessible(page: Page) {
  const { violations } = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]).analyze();
  expect(violations.map((one) => `${page.url()}: ${one.id} ${one.nodes.map((node) => node.html).slice(0, 3)}`)).toEqual([]);
}

const ledgers = (page: Page) => page.getByRole("table", { name: "Partner ledgers" });

/** A partner of this test alone, to whom a bonus is due. */
async function owed(page: Page, name: string, amount: string) {
  await enter(page, "/admin/acme/partners/import");
  await owedToo(page, name, amount);
}

/** Another, for who has signed in. */
async function owedToo(page: Page, name: string, amount: string) {
  await visit(page, "/admin/acme/partners/import");
  await page.getByLabel("The file's text (CSV)").fill(`name,tags\n${name},${name}`);
  await page.getByRole("button", { name: "Preview" }).click();
  await page.getByRole("button", { name: "Import 1 partner" }).click();
  await expect(page.getByText("1 partner imported")).toBeVisible();
  await page.goto(`/admin/acme/partners?q=${name}`);
  await page.getByRole("link", { name, exact: true }).click();
  await page.locator("html[data-hydrated]").waitFor();
  await page.getByRole("button", { name: "Bonus or correction" }).click();
  const ask = page.getByRole("dialog", { name: "Add a bonus or correction" });
  await ask.getByLabel("Amount").fill(amount);
  await ask.getByLabel("Reason").fill("For the talk in spring");
  await ask.getByRole("button", { name: "Post it" }).click();
  await expect(page.getByText("Bonus or correction posted")).toBeVisible();
}

/** Does what an entry of the report's menu says. */
async function act(page: Page, name: string) {
  await page.getByRole("button", { name: "Actions" }).click();
  await page.getByRole("menuitem", { name }).click();
}

test("the report is searched, sorted and kept within its days", async ({ page }) => {
  await enter(page, "/admin/acme/reports");
  await page.getByRole("link", { name: "Partner ledgers" }).click();
  await expect(ledgers(page)).toBeVisible();
  await expect(page.getByRole("heading", { level: 1, name: "Reports" })).toBeVisible();
  await accessible(page);
  await ledgers(page).getByRole("link", { name: "Payout method" }).click();
  await page.waitForURL(/sort=method/);
  await expect(ledgers(page).getByRole("columnheader", { name: "Payout method" })).toHaveAttribute("aria-sort", "ascending");
  await ledgers(page).getByRole("link", { name: "Ending balance" }).click();
  await page.waitForURL(/sort=-closing/);
  await expect(ledgers(page).getByRole("columnheader", { name: "Ending balance" })).toHaveAttribute("aria-sort", "descending");
  await page.getByRole("searchbox", { name: /Name, company/ }).fill("ada");
  await page.getByLabel("Status").selectOption("active");
  await page.getByRole("button", { name: "Search" }).click();
  await page.waitForURL(/q=ada/);
  await expect(ledgers(page).getByRole("link", { name: "Ledger of Ada" }).first()).toBeVisible();
  await page.getByRole("button", { name: /Period/ }).click();
  await page.getByRole("link", { name: "Last month" }).click();
  await page.waitForURL(/period=last_month/);
  await expect(ledgers(page).getByRole("row", { name: /Ada/ }).first()).toBeVisible();

  await page.goto("/admin/acme/reports/ledgers?from=2026-02-02&to=2026-02-01");
  await expect(page.getByText("This day lies before the first one.")).toBeVisible();
  await accessible(page);
  await page.goto("/admin/acme/reports/ledgers?from=2199-01-01&to=2199-01-02");
  await expect(page.getByText("This day lies in the future.")).toBeVisible();
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto("/admin/acme/reports/ledgers");
  await fits(page);
});

test("payments are created from the report, reviewed and processed", async ({ page }) => {
  const name = fresh("group");
  await owed(page, name, "25.50");
  await visit(page, `/admin/acme/reports/ledgers?q=${name}`);
  await expect(ledgers(page).getByRole("row", { name: new RegExp(name) })).toContainText("$25.50");
  await page.getByRole("checkbox", { name: `Choose ${name}` }).check();
  await expect(page.getByText("1 chosen")).toBeVisible();
  await act(page, "Create payments");
  await page.waitForURL(/\/admin\/acme\/pay\/[0-9a-f-]{36}/);
  await expect(page.getByRole("heading", { level: 1, name: "Create payments" })).toBeVisible();
  await page.locator("html[data-hydrated]").waitFor();
  await accessible(page);

  // Without a payout method it is left out, until a person says why it is paid all the same.
  const preview = page.getByRole("table", { name: "Payments to be recorded" });
  await page.getByRole("link", { name: /No payout method/ }).click();
  const out = page.getByRole("table", { name: "Partners who are left out" });
  await expect(out.getByRole("row", { name: new RegExp(name) })).toContainText("$25.50 is open");
  await out.getByRole("button", { name: `Pay all the same: ${name}` }).click();
  const ask = page.getByRole("dialog", { name: "Pay this partner or not?" });
  await ask.getByRole("button", { name: "Confirm" }).click();
  await expect(ask.getByText("Say why, in at most 500 characters.")).toBeVisible();
  await accessible(page);
  await ask.getByLabel("Reason").fill("In cash, as agreed");
  await ask.getByRole("button", { name: "Confirm" }).click();
  // Nobody else is left out: those who are paid are listed.
  await expect(ask).toBeHidden();
  await expect(preview.getByRole("row", { name: new RegExp(name) })).toContainText("In cash, as agreed");

  // A bonus is in the ending balance alone.
  await expect(page.getByRole("button", { name: "Process" })).toBeVisible();
  await page.getByLabel("Payment amount").selectOption("earned");
  await expect(page.getByText("Commissions that became due in the range, less what was taken back of them.")).toBeVisible();
  await expect(page.getByText("The fields above were changed")).toBeVisible();
  await expect(page.getByRole("button", { name: "Process" })).toBeHidden();
  await page.getByLabel("Batch ID").fill("<b>");
  await page.getByRole("button", { name: "Update the preview" }).click();
  await expect(page.getByText(/use letters, digits, spaces/)).toBeVisible();
  const today = new Date();
  const closed = new Date(Date.UTC(today.getUTCFullYear(), today.getUTCMonth() - 2, 15)).toISOString().slice(0, 10);
  const day = await page.getByLabel("Payment date").inputValue();
  await page.getByLabel("Payment date").fill(closed);
  await page.getByRole("button", { name: "Update the preview" }).click();
  await expect(page.getByText(/ is closed: choose a day from 1 \w+ \d{4} on\./)).toBeVisible();
  await page.getByLabel("Payment date").fill(day);
  const code = fresh("Batch");
  await page.getByLabel("Batch ID").fill(code);
  await page.getByRole("button", { name: "Update the preview" }).click();
  await expect(page.getByRole("link", { name: /Nothing due/ })).toBeVisible();
  await expect(page.getByRole("button", { name: "Process" })).toBeHidden();
  await page.getByRole("link", { name: /Nothing due/ }).click();
  await expect(out.getByRole("row", { name: new RegExp(name) })).toContainText("$25.50 of adjustments stay");
  await page.getByLabel("Payment amount").selectOption("ending");
  await page.getByLabel("Payment type").selectOption("other");
  await page.getByRole("button", { name: "Update the preview" }).click();
  await expect(page.getByText("1 partner, $25.50")).toBeVisible();
  await processPayments(page);
  await page.waitForURL(/\/admin\/acme\/payments\/[0-9a-f-]{36}/);
  await expect(page.getByRole("heading", { level: 1, name: code })).toBeVisible();
  const batch = new URL(page.url()).pathname;
  await visit(page, `/admin/acme/reports/ledgers?q=${name}`);
  await expect(ledgers(page).getByRole("row", { name: new RegExp(name) })).toContainText("$0.00");

  // The batch tells who made it; the advice why the bonus was given; and what came back, why and by whom.
  await visit(page, batch);
  await expect(page.getByText("Recorded", { exact: true })).toBeVisible();
  await expect(page.getByText("Processed", { exact: true })).toBeVisible();
  await page.getByRole("link", { name: `Remittance advice for ${name}` }).click();
  await expect(page.getByText("For the talk in spring")).toBeVisible();
  await expect(page.locator(".pill", { hasText: "Recorded" })).toBeVisible();
  await visit(page, batch);
  await page.getByRole("button", { name: `Take back the payment to ${name}` }).click();
  const back = page.getByRole("dialog", { name: "Take this payment back?" });
  await back.getByLabel("Reason").fill("The envelope came back");
  await back.getByRole("button", { name: "Take back" }).click();
  await expect(page.getByText("Payment taken back")).toBeVisible();
  const paid = page.getByRole("table", { name: "Payments of the batch" }).getByRole("row", { name: new RegExp(name) });
  await expect(paid).toContainText("The envelope came back");
  await expect(paid).toContainText(/ by \S/);
  await expect(page.getByText("$0.00 of $25.50 recorded")).toBeVisible();
  await accessible(page);
});

test("who pays first exports, and records what the file contained", async ({ page }) => {
  const name = fresh("export");
  await owed(page, name, "12.00");
  await visit(page, `/admin/acme/reports/ledgers?q=${name}`);
  const download = page.waitForEvent("download");
  await act(page, "Export");
  const file = await download;
  expect(file.suggestedFilename()).toMatch(/^acme-partner-ledgers-.*\.csv$/);
  const lines = readFileSync(await file.path(), "utf8").trimEnd().split("\r\n");
  expect(lines).toHaveLength(2);
  expect(lines[1]).toContain("12.00");

  const paper = page.waitForEvent("popup");
  await act(page, "Print");
  const sheet = await paper;
  await expect(sheet.getByRole("heading", { level: 1, name })).toBeVisible();
  expect((await sheet.pdf({ format: "A4" })).subarray(0, 5).toString()).toBe("%PDF-");
  await sheet.close();

  // What the file contained was paid, also without a payout method.
  await visit(page, "/admin/acme/pay");
  const exported = page.getByRole("table", { name: "Exported payments" }).getByRole("link", { name: /Record these payments, exported/ });
  await expect(exported.first()).toBeVisible();
  await accessible(page);
  await exported.first().click();
  await expect(page.getByText("An export: what the file contained")).toBeVisible();
  await page.locator("html[data-hydrated]").waitFor();
  const preview = page.getByRole("table", { name: "Payments to be recorded" });
  await expect(preview.getByRole("row", { name: new RegExp(name) })).toContainText("$12.00");
  const code = fresh("Sent");
  await page.getByLabel("Batch ID").fill(code);
  await page.getByRole("button", { name: "Update the preview" }).click();
  await expect(page.getByText("The preview is up to date")).toBeVisible();
  await expect(page.getByText("1 partner, $12.00")).toBeVisible();
  await processPayments(page);
  await page.waitForURL(/\/admin\/acme\/payments\/[0-9a-f-]{36}/);
  await expect(page.getByRole("heading", { level: 1, name: code })).toBeVisible();
  await visit(page, `/admin/acme/reports/ledgers?q=${name}`);
  await expect(ledgers(page).getByRole("row", { name: new RegExp(name) })).toContainText("$0.00");
});

test("a prepared batch is discarded, and pays nobody", async ({ page }) => {
  const name = fresh("spare");
  await owed(page, name, "9.00");
  await visit(page, `/admin/acme/reports/ledgers?q=${name}`);
  await page.getByRole("checkbox", { name: `Choose ${name}` }).check();
  await act(page, "Create payments");
  await page.waitForURL(/\/admin\/acme\/pay\/[0-9a-f-]{36}/);
  await page.locator("html[data-hydrated]").waitFor();
  const draft = new URL(page.url()).pathname;
  const prepared = page.getByRole("table", { name: "Prepared payments" });
  const listed = prepared.locator(`a[href="${draft}"]`);
  await visit(page, "/admin/acme/pay");
  await listed.click();
  await page.locator("html[data-hydrated]").waitFor();
  await page.getByRole("button", { name: "Discard" }).first().click();
  const ask = page.getByRole("dialog", { name: "Discard this batch?" });
  await ask.getByRole("button", { name: "Discard" }).click();
  await page.waitForURL("**/admin/acme/pay");
  await expect(prepared.or(page.getByRole("heading", { name: "Whose balance is due" })).first()).toBeVisible();
  await expect(listed).toBeHidden();
});

test("the ledgers of two partners print on a sheet each", async ({ page }) => {
  const name = fresh("paper");
  await owed(page, name, "12.00");
  await owedToo(page, `${name}b`, "5.00");
  await visit(page, `/admin/acme/reports/ledgers?q=${name}`);
  const paper = page.waitForEvent("popup");
  await act(page, "Print");
  const sheet = await paper;
  await expect(sheet.getByText("The end: 2 partners.")).toBeVisible();
  await expect(sheet.getByRole("heading", { level: 1 })).toHaveText([name, `${name}b`]);
  const pdf = (await sheet.pdf({ format: "A4" })).toString("latin1");
  expect((pdf.match(/\/Type\s*\/Page\b(?!s)/g) ?? []).length).toBe(2);
  await sheet.close();
});

/** Has two agree above an amount; never where it is empty. */
async function limit(page: Page, above: string) {
  await visit(page, "/admin/acme/settings");
  await page.getByLabel("A second person must agree above").fill(above);
  await page.getByRole("button", { name: "Save how payments run" }).click();
  await expect(page.getByText("How payments run is saved")).toBeVisible();
}

test("above an amount two must agree: not who made it, nor who changed it last", async ({ page, browser, request }) => {
  const name = fresh("large");
  await owed(page, name, "60000");
  const email = `${fresh("finn")}@acme.example`;
  await visit(page, "/admin/acme/team");
  await invite(page, email, "Finn Finance", "finance");
  const finn = await (await browser.newContext()).newPage();
  await finn.goto(linkIn(await mailTo(request, email, /./), "/accept-invitation/"));
  await finn.getByLabel("Password", { exact: true }).fill(password);
  await finn.getByRole("button", { name: "Come in" }).click();
  await finn.waitForURL((url) => !url.pathname.startsWith("/accept"));

  await limit(page, "50000");
  await visit(page, `/admin/acme/reports/ledgers?q=${name}`);
  await page.getByRole("checkbox", { name: `Choose ${name}` }).check();
  await act(page, "Create payments");
  await page.waitForURL(/\/admin\/acme\/pay\/[0-9a-f-]{36}/);
  await page.locator("html[data-hydrated]").waitFor();
  const draft = new URL(page.url()).pathname;
  const change = async (page: Page, note: string) => {
    await visit(page, draft);
    await page.getByLabel("Payment type").selectOption("other");
    await page.getByLabel("Note").fill(note);
    await page.getByRole("button", { name: "Update the preview" }).click();
    await expect(page.getByText("The preview is up to date")).toBeVisible();
  };
  await change(page, "Made");
  await expect(page.getByText("Above $50,000.00 a second person must agree")).toBeVisible();
  await expect(page.getByText(/These may agree: .*Finn Finance/)).toBeVisible();
  await expect(page.getByRole("button", { name: "Process" })).toBeHidden();
  await expect(page.getByRole("button", { name: "Agree" })).toBeHidden();
  const mail = await mailTo(request, email, /waits for a second person/);
  expect(linkIn(mail, "/admin/acme/pay/")).toBe(draft);
  await visit(page, "/admin/acme/pay");
  const listed = page.getByRole("table", { name: "Prepared payments" }).getByRole("row").filter({ has: page.locator(`a[href="${draft}"]`) });
  await expect(listed).toContainText("Waits for a second person");
  // Who changes another's batch doesn't agree to the change.
  await visit(finn, draft);
  await expect(finn.getByRole("button", { name: "Agree" })).toBeVisible();
  await change(finn, "Changed");
  await expect(finn.getByRole("button", { name: "Agree" })).toBeHidden();
  await change(page, "Made again");
  // The limit of when it was made stays.
  await limit(page, "");
  await visit(finn, draft);
  await accessible(finn);
  await finn.getByRole("button", { name: "Agree" }).click();
  await expect(finn.getByRole("button", { name: "Process", exact: true })).toBeVisible();
  await visit(page, "/admin/acme/pay");
  await expect(listed).toContainText("Agreed");
  await processPayments(finn);
  await finn.waitForURL(/\/admin\/acme\/payments\/[0-9a-f-]{36}/);
  await visit(page, `/admin/acme/reports/ledgers?q=${name}`);
  await expect(ledgers(page).getByRole("row", { name: new RegExp(name) })).toContainText("$0.00");
});

test("payments run by themselves each month", async ({ page }) => {
  await enter(page, "/admin/acme/settings");
  await page.getByLabel("Day of the month").fill("29");
  await page.getByLabel("Prepare payments each month").check();
  await page.getByRole("button", { name: "Save how payments run" }).click();
  await expect(page.getByText("Choose a day from 1 to 28.")).toBeVisible();
  await page.getByLabel("Day of the month").fill("28");
  await page.getByRole("button", { name: "Save how payments run" }).click();
  await expect(page.getByText("How payments run is saved")).toBeVisible();
  await page.reload();
  await expect(page.getByText(/^Next: 28 \w+ \d{4}( \(today, within the hour\))?\.$/)).toBeVisible();
  await expect(page.getByText("is the day that partners read")).toBeVisible();
  await expect(page.getByLabel("Prepare payments each month")).toBeChecked();
  await page.locator("html[data-hydrated]").waitFor();
  await page.getByLabel("Prepare payments each month").uncheck();
  await page.getByRole("button", { name: "Save how payments run" }).click();
  await expect(page.getByText("How payments run is saved")).toBeVisible();
});

test("whose payout details are missing is left out, and paid by hand with a reason", async ({ page }) => {
  const name = fresh("bare");
  await owed(page, name, "40.00");
  await page.goto(`/admin/acme/partners?q=${name}`);
  await page.getByRole("link", { name, exact: true }).click();
  await page.locator("html[data-hydrated]").waitFor();
  await page.getByRole("button", { name: "Actions" }).click();
  await page.getByRole("menuitem", { name: "Edit" }).click();
  const edit = page.getByRole("dialog", { name: /Edit/ });
  await edit.getByLabel("Payout method").selectOption("paypal");
  await edit.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Partner saved")).toBeVisible();
  await visit(page, `/admin/acme/reports/ledgers?q=${name}`);
  await page.getByRole("checkbox", { name: `Choose ${name}` }).check();
  await act(page, "Create payments");
  await page.waitForURL(/\/admin\/acme\/pay\/[0-9a-f-]{36}/);
  await page.locator("html[data-hydrated]").waitFor();
  const preview = page.getByRole("table", { name: "Payments to be recorded" });
  await page.getByRole("link", { name: /No payout details/ }).click();
  const out = page.getByRole("table", { name: "Partners who are left out" });
  await out.getByRole("button", { name: `Pay all the same: ${name}` }).click();
  const ask = page.getByRole("dialog", { name: "Pay this partner or not?" });
  await ask.getByLabel("Reason").fill("By hand");
  await ask.getByRole("button", { name: "Confirm" }).click();
  await expect(preview.getByRole("row", { name: new RegExp(name) })).toContainText("By hand");
});
