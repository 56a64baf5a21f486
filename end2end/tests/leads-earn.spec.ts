import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures";
import { ada, enter, fresh, password, signIn, sound, visit } from "./people";

test("a lead earns when it is qualified and won, and stands among the partner's customers", async ({ page, browser }) => {
  const email = `${fresh("deal")}@harbor.example`;
  const partner = await (await browser.newContext()).newPage();
  await signIn(partner, ada, "/p/acme/leads");
  await partner.goto("/p/acme/leads/submit");
  await partner.locator("html[data-hydrated]").waitFor();
  await partner.getByLabel("Their e-mail").fill(email);
  await partner.getByRole("button", { name: "Submit lead" }).click();
  await expect(partner.getByText(email).first()).toBeVisible();

  await enter(page, `/admin/acme/leads?q=${email}`);
  await page.getByRole("link", { name: email }).click();
  await expect(page.getByRole("heading", { level: 1, name: email })).toBeVisible();
  await page.locator("html[data-hydrated]").waitFor();
  await page.getByRole("button", { name: "Move", exact: true }).click();
  await page.getByRole("menuitem", { name: "Qualified", exact: true }).click();
  const move = page.getByRole("dialog", { name: "Move the lead" });
  await expect(move).toContainText("Offers pay for qualified leads");
  await move.getByRole("button", { name: "Move", exact: true }).click();
  const card = page.locator("section", { has: page.getByRole("heading", { name: "Commission", exact: true }) });
  await expect(card.getByRole("listitem").filter({ hasText: "Lead qualified" })).toContainText("$20.00");
  await page.getByRole("button", { name: "Move", exact: true }).click();
  await page.getByRole("menuitem", { name: "Closed Won" }).click();
  const customer = fresh("customer");
  await move.getByLabel("Customer id").fill(customer);
  await move.getByRole("button", { name: "Move", exact: true }).click();

  // A share waits for the deal's value.
  const nothing = card.getByRole("listitem").filter({ hasText: "Lead won: nothing earned" });
  await nothing.getByText("Why?").click();
  await expect(page.getByText("no deal value above zero is set").first()).toBeVisible();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Deal value" }).click();
  const deal = page.getByRole("dialog", { name: "Deal value" });
  await deal.getByLabel("Deal value").fill("1500");
  await deal.getByRole("button", { name: "Save" }).click();
  await expect(card.getByRole("listitem").filter({ hasText: "Lead won" })).toContainText("$150.00");
  await sound(page);

  await page.goto(`/admin/acme/commissions?q=${email}`);
  await expect(page.getByRole("row", { name: new RegExp(`${email}.*Lead won`) })).toContainText("$150.00");
  await page.getByRole("link", { name: email }).first().click();
  await expect(page.getByRole("heading", { level: 1, name: email })).toBeVisible();

  await partner.goto("/p/acme/commissions");
  await expect(partner.getByRole("row", { name: new RegExp(email) }).first()).toContainText("$150.00");
  await partner.goto(`/p/acme/customers?q=${email}`);
  await expect(partner.getByRole("heading", { level: 1, name: "Customers" })).toBeVisible();
  await partner.locator("html[data-hydrated]").waitFor();
  const row = partner.getByRole("row", { name: new RegExp(email) });
  await expect(row).toContainText("Signed Up");
  await sound(partner);
  const file = partner.getByRole("link", { name: "Download customers as CSV" });
  const lines = await (await partner.request.get((await file.getAttribute("href"))!)).text();
  expect(lines).toContain(`,${email},yes,signed_up,0,0.00,170.00,USD`);
  await row.getByRole("link", { name: email }).click();
  await expect(partner.getByRole("heading", { level: 1, name: email })).toBeVisible();
  await expect(partner.getByRole("listitem").filter({ hasText: "Lead won" })).toContainText("$150.00");
  await sound(partner);
  await partner.getByRole("link", { name: email }).click();
  await partner.waitForURL(/customers\?q=/);
  await expect(partner.getByRole("row", { name: new RegExp(email) })).toBeVisible();

  // Paid once it has bought; all of that paid back, it has only signed up again.
  const key = await trackingKey(page);
  const track = async (what: string, data: object) => {
    const answer = await page.request.post(`/api/v1/track/${what}`, { headers: { authorization: `Bearer ${key}` }, data });
    expect(answer.status(), await answer.text()).toBe(201);
  };
  const sale = fresh("sale");
  await track("sale", { event_id: sale, customer_id: customer, amount: "80.00", currency: "USD" });
  await partner.reload();
  const bought = partner.getByRole("row", { name: new RegExp(email) });
  await expect(bought).toContainText("Paid");
  await expect(bought).toContainText("$80.00");
  await track("refund", { event_id: fresh("refund"), sale_event_id: sale });
  await partner.reload();
  await expect(bought).toContainText("Signed Up");
  await expect(bought).toContainText("$0.00");
  await partner.context().close();
});

/** A new key with which the company tells of sales. */
async function trackingKey(page: Page) {
  await visit(page, "/admin/acme/api-keys");
  const confirm = page.getByRole("link", { name: "Confirm to make a key" });
  if ((await confirm.count()) > 0) {
    await confirm.click();
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Confirm" }).click();
    await page.waitForURL("**/admin/acme/api-keys");
  }
  await page.getByRole("button", { name: "New API key" }).first().click();
  const drawer = page.getByRole("dialog", { name: "New API key" });
  await drawer.getByLabel("Name").fill(fresh("Key"));
  await drawer.getByRole("button", { name: "Make the API key" }).click();
  return (await page.getByRole("textbox", { name: "API key" }).textContent())!.trim();
}
