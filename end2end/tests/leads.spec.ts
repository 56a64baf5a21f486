import { expect, test } from "./fixtures";
import { ada, admin, fresh, signIn } from "./people";

test("the dashboard shows the latest leads, and the list what became of each", async ({ page, hydrated }) => {
  const email = `${fresh("nora")}@harbor.example`;
  await signIn(page, ada, "/p/acme");
  await hydrated();
  const section = page.locator("section", { has: page.getByRole("heading", { name: "Add a new lead" }) });
  await expect(section.getByText(/within \d+ days becomes your customer/)).toBeVisible();
  await section.getByRole("link", { name: "Submit a lead" }).click();
  await page.getByLabel("Their e-mail").fill(email);
  await page.getByRole("button", { name: "Submit lead" }).click();
  await expect(page.getByRole("row", { name: new RegExp(email) })).toBeVisible();
  const menu = page.getByRole("navigation", { name: "Main" });
  await menu.getByRole("link", { name: "Dashboard", exact: true }).click();
  await expect(section.getByRole("listitem").filter({ hasText: email })).toContainText("New");

  await menu.getByRole("link", { name: "Leads", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Leads" })).toBeVisible();
  const file = page.getByRole("link", { name: "Download leads as CSV" });
  await page.getByLabel("Search by e-mail or name").fill(email);
  await page.getByLabel("From").fill("2020-01-01");
  await page.getByRole("button", { name: "Show" }).click();
  await page.waitForURL(/q=nora/);
  await expect(page.getByRole("table", { name: "Leads" }).getByRole("row")).toHaveCount(2);
  await expect(file).toHaveAttribute("href", /leads\.csv\?.*q=nora/);
  const lines = await (await page.request.get((await file.getAttribute("href"))!)).text();
  expect(lines.trimEnd().split("\r\n")).toHaveLength(2);
  expect(lines).toContain(`${email},`);
  await page.getByLabel("Status").selectOption({ label: "Closed Won" });
  await page.getByRole("button", { name: "Show" }).click();
  await page.waitForURL(/stage=[0-9a-f]/);
  await expect(page.getByRole("row", { name: new RegExp(email) })).toHaveCount(0);
});

test("a partner reads its programs and what they pay, with examples", async ({ page, hydrated }) => {
  await signIn(page, ada, "/p/acme/programs");
  await hydrated();
  await expect(page.getByRole("heading", { level: 2, name: "Acme", exact: true })).toBeVisible();
  await expect(page.getByText("For everybody who recommends Acme.")).toBeVisible();
  const menu = page.getByRole("navigation", { name: "Main" });
  await menu.getByRole("link", { name: "My commission structure" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "My commission structure" })).toBeVisible();
  await expect(page.getByText("A customer pays $100.00 → you earn $30.00, for 12 months")).toBeVisible();
  await menu.getByRole("link", { name: "Summary" }).click();
  await expect(page.getByText("A lead counts for")).toBeVisible();
});

test("an offer with tiers goes to a group, and its page tells who has it", async ({ page }) => {
  const offer = fresh("Tiered");
  const group = fresh("Group");
  await signIn(page, admin, "/admin/acme/offers/new");
  await page.locator("html[data-hydrated]").waitFor();
  await page.getByLabel("Name").fill(offer);
  await page.getByLabel("New partners get it").uncheck();
  // Thirty percent are not an amount of thirty.
  await page.getByLabel("For", { exact: true }).selectOption("A sign-up");
  await expect(page.getByText("The percentage was emptied: type an amount.")).toBeVisible();
  await page.getByLabel("For", { exact: true }).selectOption("A sale");
  await page.getByLabel("Pays").selectOption("A share of the sale");
  await page.getByLabel("Percentage", { exact: true }).fill("30");
  await page.getByLabel("Tiers").selectOption("customers");
  await page.getByLabel("From", { exact: true }).fill("10");
  await page.getByLabel("Tier\u2019s percentage").fill("40");
  await expect(page.getByText("A customer pays $100.00, once you have 10 customers → you earn $40.00")).toBeVisible();
  await page.getByRole("button", { name: "Save the offer" }).click();
  await page.waitForURL("**/admin/acme/offers");

  await page.goto("/admin/acme/groups/new");
  await page.locator("html[data-hydrated]").waitFor();
  await page.getByLabel("Name").fill(group);
  await page.getByLabel("Another offer").selectOption({ label: offer });
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await page.getByRole("button", { name: "Save the group" }).click();
  await page.waitForURL("**/admin/acme/groups");
  await expect(page.getByRole("heading", { level: 2, name: group })).toBeVisible();

  await page.goto("/admin/acme/offers");
  await page.getByRole("link", { name: `Edit ${offer}` }).click();
  await expect(page.getByRole("heading", { level: 1, name: offer })).toBeVisible();
  await expect(page.getByRole("link", { name: group })).toBeVisible();
  await expect(page.getByText(/Version 1,/)).toBeVisible();
});
