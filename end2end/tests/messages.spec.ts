import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "./fixtures";
import { ada, admin, fresh, signIn } from "./people";

test.use({ expectedTrouble: [/422/] });

const facts = { name: "facts.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.7 facts") };

test("a partner writes, the team answers with a saved reply, and it counts as unread until it is read", async ({ page, hydrated }) => {
  const subject = fresh("Invoice");
  const menu = page.getByRole("navigation", { name: "Main" });
  await signIn(page, ada, "/p/acme/messages");
  await hydrated();
  await page.getByRole("link", { name: "New message" }).click();
  await page.getByLabel("What is it about?").fill(subject);
  await page.getByRole("button", { name: "Send" }).click();
  await expect(page.getByText("Write something, or attach a file.")).toBeVisible();
  await page.getByLabel("Your message").fill("See https://partner.example/invoice, please.");
  await page.getByLabel("Attach a file").setInputFiles(facts);
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  await page.getByRole("button", { name: "Send" }).click();
  await expect(page.getByRole("heading", { level: 1, name: subject })).toBeVisible();
  await expect(page.getByRole("link", { name: "https://partner.example/invoice" })).toBeVisible();
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);

  await page.context().clearCookies();
  await signIn(page, admin, "/admin/acme/saved-replies");
  await hydrated();
  const name = fresh("Reply");
  await page.getByRole("button", { name: "New reply" }).click();
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Text").fill(`We look into it. ${name}`);
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Reply saved")).toBeVisible();
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  await menu.getByRole("link", { name: /^Messages/ }).click();
  await page.getByLabel("Search messages, leads and partners").fill(subject);
  await page.getByRole("button", { name: "Show" }).click();
  await expect(page.getByRole("row", { name: new RegExp(subject) })).toContainText("New");
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  await page.getByRole("link", { name: subject }).click();
  await expect(page.getByRole("heading", { level: 1, name: subject })).toBeVisible();
  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: "facts.pdf" }).click();
  expect((await download).suggestedFilename()).toBe("facts.pdf");
  await page.getByLabel("Who answers").selectOption({ label: "Olivia Marsh" });
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Saved", { exact: true })).toBeVisible();
  await page.getByLabel("Saved replies").selectOption({ label: name });
  await expect(page.getByLabel("Your message")).toHaveValue(`We look into it. ${name}`);
  await page.getByRole("button", { name: "Send" }).click();
  await expect(page.getByRole("listitem").filter({ hasText: `We look into it. ${name}` })).toBeVisible();
  await expect(page.getByLabel("Your message")).toHaveValue("");
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);

  await page.context().clearCookies();
  await signIn(page, ada, "/p/acme/messages");
  await hydrated();
  const row = page.getByRole("row", { name: new RegExp(subject) });
  await expect(row).toContainText("New");
  await row.getByRole("link").click();
  await expect(page.getByText(`We look into it. ${name}`)).toBeVisible();
  await page.getByRole("link", { name: "Messages", exact: true }).first().click();
  await expect(row).toBeVisible();
  await page.reload();
  await expect(row).not.toContainText("New");
});

test("Ask about this opens the conversation about a lead, on both sides", async ({ page, hydrated }) => {
  const email = `${fresh("lee")}@harbor.example`;
  await signIn(page, ada, "/p/acme/leads/submit");
  await hydrated();
  await page.getByLabel("Their e-mail").fill(email);
  await page.getByRole("button", { name: "Submit lead" }).click();
  await page.getByRole("link", { name: email }).click();
  await page.getByRole("link", { name: "Ask about this" }).click();
  await page.getByLabel("Your message").fill("Have you reached them?");
  await page.getByRole("button", { name: "Send" }).click();
  await expect(page.getByRole("heading", { level: 1, name: email })).toBeVisible();
  await page.getByRole("link", { name: "See the lead" }).click();
  await expect(page.getByRole("link", { name: "Answer" })).toBeVisible();
  await expect(page.getByText("Have you reached them?")).toBeVisible();
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  await page.getByRole("link", { name: "Ask about this" }).click();
  await expect(page.getByLabel("Your message")).toBeVisible();
  await expect(page.getByText("Have you reached them?")).toBeVisible();

  await page.context().clearCookies();
  await signIn(page, admin, `/admin/acme/leads?q=${email}`);
  await hydrated();
  await page.getByRole("link", { name: email }).click();
  const card = page.locator("section", { has: page.getByRole("heading", { name: "Messages", exact: true }) });
  await expect(card.getByText("Have you reached them?")).toBeVisible();
  await page.getByRole("main").getByRole("link", { name: "Messages", exact: true }).click();
  await expect(page.getByLabel("Your message")).toBeVisible();
  await expect(page.getByText("Have you reached them?")).toBeVisible();
});
