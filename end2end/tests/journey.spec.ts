import { expect, test } from "./fixtures";
import { ada, admin, enter, fresh, processPayments, signIn, visit } from "./people";

test("a click becomes a commission, and a refund takes it back", async ({ page, browser }) => {
  const who = fresh("visitor");

  // The visitor clicks Ada's link, which leads to the shop with the click's id.
  await page.goto("/r/acme/ada?to=/shop");
  await page.waitForURL(/\/shop\?.*tid=[0-9a-f-]{36}/);
  await expect(page.locator("#click")).toHaveText(/^[0-9a-f-]{36}$/);
  await page.getByLabel("Name").fill("Vera Visitor");
  await page.getByLabel("E-mail").fill(`${who}@harbor.example`);
  await page.getByRole("button", { name: "Sign up" }).click();
  await expect(page.getByText(/Attributed to ada by/i).first()).toBeVisible();
  await page.getByRole("button", { name: /Buy Team plan/ }).click();
  await expect(page.getByText("Your purchases")).toBeVisible();
  await expect(page.getByText(/× .*% =/).first()).toBeVisible();

  // The partner sees it at once, with the reason.
  const partner = await (await browser.newContext()).newPage();
  await signIn(partner, ada, "/p/acme");
  await expect(partner.getByRole("heading", { level: 1, name: "Dashboard" })).toBeVisible();
  const latest = partner.getByRole("table", { name: "Latest events" });
  const mine = latest.getByRole("row").filter({ hasText: "v•••@harbor.example" }).first();
  await expect(mine).toBeVisible();
  await mine.locator("summary:visible", { hasText: "Why?" }).first().click();
  await expect(mine.locator("li:visible, p:visible, dd:visible").getByText(/Attributed to ada by/i).first()).toBeVisible();

  // The company sees it too.
  const team = await (await browser.newContext()).newPage();
  await signIn(team, admin, `/admin/acme/customers?q=${who}`);
  await expect(team.getByText(`${who}@harbor.example`)).toBeVisible();

  // The money goes back, and so does the commission.
  await page.getByRole("button", { name: "Ask for a refund" }).click();
  await expect(page.getByText("Refunded").first()).toBeVisible();
  await partner.reload();
  await expect(latest.locator(".pill:visible", { hasText: "Clawed back" }).first()).toBeVisible();
});

test("partners with a balance are paid in a batch", async ({ page }) => {
  await enter(page, "/admin/acme/pay");
  await expect(page.getByRole("table", { name: /balance that is due/ })).toBeVisible();
  await expect(page.getByRole("button", { name: "Review" })).toBeDisabled();
  const all = page.getByRole("checkbox", { name: "Choose all" });
  await page.locator("html[data-hydrated]").waitFor();
  await all.check();
  await expect(page.getByText(/\d+ partners chosen/)).toBeVisible();
  await all.uncheck();
  // One of the demo's whom no other test pays.
  const rows = page.getByRole("table", { name: /balance that is due/ }).locator("tbody").getByRole("row");
  await rows.filter({ hasNotText: /No payout|^\s*Ada/ }).first().getByRole("checkbox").check();
  await expect(page.getByText(/1 partner chosen, \$/)).toBeVisible();
  await page.getByRole("button", { name: "Review" }).click();
  await page.waitForURL(/\/admin\/acme\/pay\/[0-9a-f-]{36}/);
  await expect(page.getByRole("table", { name: /Payments to be recorded/ })).toBeVisible();
  const code = fresh("Batch");
  await page.getByLabel("Batch ID").fill(code);
  await page.getByRole("button", { name: "Update the preview" }).click();
  await expect(page.getByText("The preview is up to date")).toBeVisible();
  await processPayments(page);
  await page.waitForURL(/\/admin\/acme\/payments\/[0-9a-f-]{36}/);
  await expect(page.getByRole("heading", { level: 1, name: code })).toBeVisible();
  await expect(page.getByText("Recorded").first()).toBeVisible();
});

test("a sale without a hold is followed to its payment", async ({ page, browser }) => {
  const who = fresh("buyer");
  const team = await (await browser.newContext()).newPage();
  await signIn(team, admin, "/admin/acme");
  const holds = async (days: (before: string) => string) => {
    await visit(team, "/admin/acme/offers");
    await team.getByRole("link", { name: "Standard" }).first().click();
    const fields = team.getByLabel("Held for");
    await expect(fields.first()).toBeVisible();
    for (const field of await fields.all()) await field.fill(days(await field.inputValue()));
    await team.getByRole("button", { name: "Save the offer" }).click();
    await team.waitForURL("**/admin/acme/offers");
  };
  const before: string[] = [];
  await holds((days) => {
    before.push(days);
    return "0";
  });

  await page.goto("/r/acme/ada?to=/shop");
  await page.waitForURL(/\/shop\?.*tid=[0-9a-f-]{36}/);
  await page.getByLabel("Name").fill("Bea Buyer");
  await page.getByLabel("E-mail").fill(`${who}@harbor.example`);
  await page.getByRole("button", { name: "Sign up" }).click();
  await expect(page.getByText(/Attributed to ada by/i).first()).toBeVisible();
  // The customer came under these terms, whatever the offer says from now on.
  await holds(() => before.shift() ?? "30");
  await page.getByRole("button", { name: /Buy Team plan/ }).click();
  await expect(page.getByText("Your purchases")).toBeVisible();

  await team.goto(`/admin/acme/commissions?q=${who}`);
  await expect(team.getByRole("table").locator(".pill:visible", { hasText: "Due" }).first()).toBeVisible();

  await visit(team, "/admin/acme/pay");
  await team.getByRole("checkbox", { name: /Choose Ada/ }).check();
  await team.getByRole("button", { name: "Review" }).click();
  await team.waitForURL(/\/admin\/acme\/pay\/[0-9a-f-]{36}/);
  await team.getByLabel("Batch ID").fill(fresh("Batch"));
  await team.getByRole("button", { name: "Update the preview" }).click();
  await expect(team.getByText("The preview is up to date")).toBeVisible();
  await processPayments(team);
  await team.waitForURL(/\/admin\/acme\/payments\/[0-9a-f-]{36}/);

  await team.goto(`/admin/acme/commissions?q=${who}`);
  await expect(team.getByRole("table").locator(".pill:visible", { hasText: "Paid" }).first()).toBeVisible();
  const partner = await (await browser.newContext()).newPage();
  await signIn(partner, ada, "/p/acme");
  const latest = partner.getByRole("table", { name: "Latest events" });
  const mine = latest.getByRole("row").filter({ hasText: "b•••@harbor.example" }).first();
  await expect(mine.locator(".pill:visible", { hasText: /^Paid/ })).toBeVisible();
});
