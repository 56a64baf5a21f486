import { Secret, TOTP } from "otpauth";
import { expect, test } from "./fixtures";
import { linkIn, mailTo } from "./mail";
import { ada, admin, fresh, invite, password, signIn, signInAs } from "./people";

test("an invitation by mail makes a member, who may do what the role says", async ({ page, browser, request }) => {
  const email = `${fresh("vic")}@acme.example`;
  await signIn(page, admin, "/admin/acme/team");
  await invite(page, email, "Vic Viewer", "viewer");

  const member = await (await browser.newContext()).newPage();
  await member.goto(linkIn(await mailTo(request, email, /./), "/accept-invitation/"));
  await member.getByLabel("Password", { exact: true }).fill("a password of mine");
  await member.getByRole("button", { name: "Come in" }).click();
  await member.waitForURL((url) => url.pathname === "/" || url.pathname.startsWith("/admin"));
  await member.goto("/admin/acme/partners");
  await expect(member.getByRole("heading", { level: 1, name: "Partners" })).toBeVisible();
  await expect(member.getByRole("link", { name: "New partner" })).toHaveCount(0);

  // A link of an invitation works once.
  const again = await (await browser.newContext()).newPage();
  await again.goto(linkIn(await mailTo(request, email, /./), "/accept-invitation/"));
  await expect(again.getByText("This invitation is over")).toBeVisible();
});

test("a forgotten password is replaced by mail, once, and signs out elsewhere", async ({ page, browser, request }) => {
  const email = `${fresh("fay")}@acme.example`;
  await signIn(page, admin, "/admin/acme/team");
  await invite(page, email, "Fay Forgetful", "viewer");
  const before = await (await browser.newContext()).newPage();
  await before.goto(linkIn(await mailTo(request, email, /./), "/accept-invitation/"));
  await before.getByLabel("Password", { exact: true }).fill("the password before");
  await before.getByRole("button", { name: "Come in" }).click();
  await before.waitForURL((url) => !url.pathname.startsWith("/accept"));

  const after = await (await browser.newContext()).newPage();
  await after.goto("/forgot-password");
  await after.getByLabel("E-mail").fill(email);
  await after.getByRole("button", { name: "Send the link" }).click();
  const link = linkIn(await mailTo(request, email, /new password/), "/reset-password/");
  await after.goto(link);
  await after.getByLabel("New password").fill("the password after");
  await after.getByRole("button", { name: "Set the password" }).click();
  await after.waitForURL((url) => !url.pathname.startsWith("/reset-password"));
  await after.goto(link);
  await expect(after.getByText("This link has expired")).toBeVisible();
  await before.goto("/account");
  await before.waitForURL(/\/sign-in/);
  await signInAs(before, email, "the password after");
  await before.waitForURL((url) => url.pathname !== "/sign-in");
});

test("a partner who forgot the password types the partner code, and stays in the program's brand", async ({ page, request }) => {
  await page.goto("/p/acme/sign-in");
  const brand = await page.getByRole("banner").innerText();
  await page.getByRole("link", { name: "Forgot your password?" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Forgot your password?" })).toBeVisible();
  await expect(page.getByRole("banner")).toHaveText(brand);
  for (const who of ["nobody-at-all", "ADA"]) {
    await page.getByLabel("E-mail or partner code").fill(who);
    await page.getByRole("button", { name: "Send the link" }).click();
    await expect(page.getByText("If there is an account with that e-mail or partner code")).toBeVisible();
  }
  await page.goto(linkIn(await mailTo(request, ada, /new password/), "/p/acme/reset-password/"));
  await expect(page.getByLabel("New password")).toBeVisible();
  await expect(page.getByRole("banner")).toHaveText(brand);
  await page.goto("/p/acme/reset-password/nothing");
  await expect(page.getByText("This link has expired")).toBeVisible();
  await expect(page.getByRole("link", { name: "Ask for a new link" })).toHaveAttribute("href", "/p/acme/forgot-password");
});

test("a second factor is asked for at sign-in, and a recovery code stands in once", async ({ page, browser, request }) => {
  const email = `${fresh("tess")}@acme.example`;
  await signIn(page, admin, "/admin/acme/team");
  await invite(page, email, "Tess Two", "manager");
  const tess = await (await browser.newContext()).newPage();
  await tess.goto(linkIn(await mailTo(request, email, /./), "/accept-invitation/"));
  await tess.getByLabel("Password", { exact: true }).fill(password);
  await tess.getByRole("button", { name: "Come in" }).click();
  await tess.waitForURL((url) => !url.pathname.startsWith("/accept"));

  await tess.goto("/account");
  await tess.locator("html[data-hydrated]").waitFor();
  await tess.getByRole("button", { name: "Set up the second factor" }).click();
  if (new URL(tess.url()).pathname === "/confirm") throw new Error("asked to confirm right after signing in");
  const secret = (await tess.getByRole("region", { name: "secret" }).textContent())!.trim();
  const totp = new TOTP({ secret: Secret.fromBase32(secret.replaceAll(" ", "")) });
  const code = (steps: number) => totp.generate({ timestamp: Date.now() + steps * 30_000 });
  await tess.getByLabel("The six digits that it shows").fill("000000");
  await tess.getByRole("button", { name: "Turn it on" }).click();
  await expect(tess.getByLabel("The six digits that it shows")).toHaveAttribute("aria-invalid", "true");
  await tess.getByLabel("The six digits that it shows").fill(code(0));
  await tess.getByRole("button", { name: "Turn it on" }).click();
  const recovery = (await tess.getByRole("region", { name: "recovery codes" }).textContent())!.trim().split(/\s+/);
  expect(recovery.length).toBeGreaterThanOrEqual(8);

  const asks = async (answer: string) => {
    const visitor = await (await browser.newContext()).newPage();
    await signInAs(visitor, email, password);
    await visitor.waitForURL(/\/second-factor/);
    await visitor.getByLabel("Code").fill(answer);
    await visitor.getByRole("button", { name: "Continue" }).click();
    return visitor;
  };
  const refused = async (answer: string) => expect((await asks(answer)).getByLabel("Code")).toHaveAttribute("aria-invalid", "true");
  const enters = async (answer: string) => (await asks(answer)).waitForURL((url) => url.pathname !== "/second-factor");
  await refused("000000");
  await enters(code(1));
  // Each code works once.
  await refused(code(0));
  await enters(recovery[0]);
  await refused(recovery[0]);
});
