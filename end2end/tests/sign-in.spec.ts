import { expect, test } from "./fixtures";
import { ada, admin, password, signIn } from "./people";

test("a partner signs in by code on the program's page, and signs out", async ({ page }) => {
  await page.goto("/p/acme/sign-in");
  const brand = (await page.getByRole("banner").innerText()).trim();
  await page.getByLabel("E-mail or partner code").fill("ADA");
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL("**/p/acme");
  await expect(page).toHaveTitle(`Dashboard · ${brand}`);
  await page.getByRole("button", { name: /account/i }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.waitForURL(/\/p\/acme\/sign-in\?note=signed-out/);
  await expect(page.getByText("You are signed out.")).toBeVisible();
  await expect(page).toHaveTitle(`Sign in · ${brand}`);
  await page.goto("/p/acme/links");
  await page.waitForURL(/\/p\/acme\/sign-in\?to=/);
});

test("a wrong password is told without saying whose", async ({ page, hydrated }) => {
  for (const who of [ada, "nobody@tributary.test"]) {
    await page.goto("/sign-in");
    await hydrated();
    await page.getByLabel("E-mail").fill(who);
    await page.getByLabel("Password", { exact: true }).fill("not the password");
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.locator(".error:visible, [role=alert]:visible").first()).toBeVisible();
  }
});
test.describe("without JavaScript", () => {
  // The browser refuses the scripts, and reports it like a policy of ours.
  test.use({ javaScriptEnabled: false, expectedTrouble: [/\.js csp$/] });
  test("signing in works, and the dashboard comes complete", async ({ page }) => {
    await signIn(page, ada, "/p/acme");
    await expect(page.getByRole("heading", { level: 1, name: "Dashboard" })).toBeVisible();
    await expect(page.getByText("Awaiting payout")).toBeVisible();
  });
});

test("partners don't enter the admin area, nor admins of one program another's partners", async ({ browser }) => {
  const page = await (await browser.newContext()).newPage();
  await signIn(page, ada, "/p/acme");
  const response = await page.goto("/admin/acme");
  expect(response?.status()).toBe(404);
  const team = await (await browser.newContext()).newPage();
  await signIn(team, admin, "/admin/acme");
  expect((await team.goto("/p/acme"))?.status()).toBe(404);
});
test.use({ expectedTrouble: [/\/fn\/sign-in/] });
