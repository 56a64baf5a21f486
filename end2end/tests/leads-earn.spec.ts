import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures";
import { ada, enter, fits, fresh, signIn } from "./people";

/** What axe finds on a page, on a phone and on a desk. */
async function sound(page: Page) {
  for (const width of [390, 1440]) {
    await page.setViewportSize({ width, height: 900 });
    await fits(page);
    const found = await new AxeBuilder({ page }).analyze();
    expect(found.violations.map((violation) => [violation.id, violation.nodes.map((node) => node.html)])).toEqual([]);
  }
}

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
  await move.getByLabel("Customer id").fill(fresh("customer"));
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
  await partner.context().close();
});
