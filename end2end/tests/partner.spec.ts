import { expect, test } from "./fixtures";
import { ada, signIn } from "./people";

test.use({ permissions: ["clipboard-read", "clipboard-write"] });

test("the dashboard's link is copied, and its period changes without a reload", async ({ page, hydrated }) => {
  await signIn(page, ada, "/p/acme");
  await hydrated();
  await page.getByRole("button", { name: /Copy.*link/i }).first().click();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(new URL(copied).pathname).toBe("/r/acme/ada");

  await page.evaluate(() => Object.assign(window, { stayed: true }));
  await page.getByRole("button", { name: /Period/ }).click();
  await page.getByRole("link", { name: "Last 7 days" }).click();
  await page.waitForURL(/period=7d/);
  await expect(page.getByRole("button", { name: /Period/ })).toContainText("7 days");
  expect(await page.evaluate(() => "stayed" in window)).toBe(true);

  // Each page of the partner comes and goes as fast as a chunk, and back again.
  for (const name of ["Commissions", "Ledger"]) {
    await page.getByRole("navigation").getByRole("link", { name, exact: true }).first().click();
    await expect(page.getByRole("heading", { level: 1, name })).toBeVisible();
  }
  await page.goBack();
  await expect(page.getByRole("heading", { level: 1, name: "Commissions" })).toBeVisible();
  expect(await page.evaluate(() => "stayed" in window)).toBe(true);
});
