import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "./fixtures";
import { ada, admin, fresh, signIn } from "./people";

test.use({ expectedTrouble: [/422/] });

const proof = { name: "invoice.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.7 invoice") };

test("a partner submits a sale, the team approves it, and it earns", async ({ page, hydrated }) => {
  const name = fresh("Nora");
  const email = `${name.toLowerCase()}@harbor.example`;
  await signIn(page, ada, "/p/acme/leads");
  await hydrated();
  await page.getByRole("link", { name: "Submit a sale" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Submit a sale" })).toBeVisible();
  await page.getByLabel("Customer's e-mail").fill(email);
  await page.getByLabel("Customer's name").fill(name);
  await page.getByLabel("Amount").fill("0");
  await page.getByLabel("Proof").setInputFiles(proof);
  await page.getByRole("button", { name: "Submit sale" }).click();
  await expect(page.getByText("Must be above zero.")).toBeVisible();
  await page.getByLabel("Amount").fill("200.00");
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  await page.getByRole("button", { name: "Submit sale" }).click();
  await expect(page.getByText("The sale is submitted")).toBeVisible();
  const row = page.getByRole("row", { name: new RegExp(name) });
  await expect(row).toContainText("In review");
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  const download = page.waitForEvent("download");
  await row.getByRole("link", { name: "invoice.pdf" }).click();
  expect((await download).suggestedFilename()).toBe("invoice.pdf");

  await page.context().clearCookies();
  await signIn(page, admin, "/admin/acme/sales");
  await hydrated();
  await page.getByRole("link", { name: "Submitted by partners" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Submitted sales" })).toBeVisible();
  await page.getByRole("link", { name, exact: true }).click();
  await expect(page.getByLabel("Customer's id")).toHaveValue(email);
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  await page.getByRole("button", { name: "Approve the sale" }).click();
  await expect(page.getByText("Sale approved")).toBeVisible();
  await expect(page.getByRole("heading", { name: "What became of it" })).toBeVisible();
  await expect(page.getByText("This partner", { exact: true })).toBeVisible();
  await page.getByRole("link", { name: "$200.00" }).click();
  await expect(page.getByRole("heading", { level: 1, name: /\$200\.00/ })).toBeVisible();

  await page.context().clearCookies();
  await signIn(page, ada, "/p/acme/submitted-sales");
  await hydrated();
  await expect(row).toContainText("Approved");
  await expect(row.getByRole("cell").nth(3)).toContainText("$");
});

test("a sale is declined with a reason, and another taken back", async ({ page, hydrated }) => {
  const [first, second] = [fresh("Lee"), fresh("Kim")];
  await signIn(page, ada, "/p/acme/submitted-sales");
  for (const name of [first, second]) {
    await page.goto("/p/acme/submitted-sales/submit");
    await hydrated();
    await page.getByLabel("Customer's e-mail").fill(`${name.toLowerCase()}@harbor.example`);
    await page.getByLabel("Customer's name").fill(name);
    await page.getByLabel("Amount").fill("49");
    await page.getByLabel("Proof").setInputFiles(proof);
    await page.getByRole("button", { name: "Submit sale" }).click();
    await expect(page.getByRole("row", { name: new RegExp(name) })).toContainText("In review");
  }
  await page.getByRole("button", { name: `Take back the sale to ${second}` }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Take it back" }).click();
  await expect(page.getByRole("row", { name: new RegExp(second) })).toContainText("Taken back");

  await page.context().clearCookies();
  await signIn(page, admin, "/admin/acme/submitted-sales");
  await hydrated();
  await page.getByRole("link", { name: first, exact: true }).click();
  await page.getByRole("button", { name: "Decline" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Reason").fill("No such invoice.");
  await dialog.getByRole("button", { name: "Decline" }).click();
  await expect(page.getByText("Sale declined", { exact: true })).toBeVisible();

  await page.context().clearCookies();
  await signIn(page, ada, "/p/acme/submitted-sales");
  await hydrated();
  await expect(page.getByRole("row", { name: new RegExp(first) })).toContainText("No such invoice.");
});
