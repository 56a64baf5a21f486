import { expect, test } from "./fixtures";
import { ada, fresh, signIn } from "./people";

test.use({ permissions: ["clipboard-read", "clipboard-write"] });

test("the dashboard's link is copied, and its period changes without a reload", async ({ page, hydrated }) => {
  await signIn(page, ada, "/p/acme");
  await hydrated();
  await page.getByRole("button", { name: /Copy.*link/i }).first().click();
  const copied = () => page.evaluate(() => navigator.clipboard.readText());
  await expect.poll(copied).toMatch(/\/r\/acme\/ada$/);

  await page.evaluate(() => Object.assign(window, { stayed: true }));
  await page.getByRole("button", { name: /Period/ }).click();
  await page.getByRole("link", { name: "Last 7 days" }).click();
  await page.waitForURL(/period=7d/);
  await expect(page.getByRole("button", { name: /Period/ })).toContainText("7 days");
  expect(await page.evaluate(() => "stayed" in window)).toBe(true);

  // Each page of the partner comes and goes as fast as a chunk, and back again.
  for (const name of ["Rewards", "My ledger", "Links"]) {
    await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name, exact: true }).click();
    await expect(page.getByRole("heading", { level: 1, name })).toBeVisible();
  }
  await page.goBack();
  await expect(page.getByRole("heading", { level: 1, name: "My ledger" })).toBeVisible();
  expect(await page.evaluate(() => "stayed" in window)).toBe(true);
});

test("a link is made, switched off, and on again by Undo", async ({ page, hydrated, request }) => {
  const code = fresh("link");
  await signIn(page, ada, "/p/acme/links");
  await hydrated();
  await page.getByLabel("Code in the address").fill(code);
  await page.getByRole("button", { name: "Make the link" }).click();
  const row = page.getByRole("row", { name: new RegExp(code) });
  const visit = async () => (await request.get(`/r/acme/${code}`, { maxRedirects: 0 })).status();
  await row.getByRole("button", { name: /Switch off/ }).click();
  await expect(row.getByText("Switched off")).toBeVisible();
  await expect.poll(visit).toBe(404);
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(row.getByText("Switched off")).toHaveCount(0);
  await expect.poll(visit).toBe(302);
});
