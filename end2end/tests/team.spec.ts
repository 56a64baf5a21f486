import { expect, test } from "./fixtures";
import { linkIn, mailTo } from "./mail";
import { enter, fresh, password, visit } from "./people";

test.describe("with mistakes in forms", () => {
  test.use({ expectedTrouble: [/\/fn\/admin\//] });

  test("a new partner: mistakes stand beside their fields, and what was typed stays", async ({ page, browser, request }) => {
    const code = fresh("pat");
    await enter(page, "/admin/acme/partners/new");
    await page.getByLabel("Name").fill("Pat <b>Partner</b> '); drop table partners; --");
    await page.getByLabel("E-mail").fill("pat@nowhere@example");
    await page.getByLabel("Website").fill("pat.example");
    await page.getByLabel("Code").fill("not a code!");
    await page.locator("form.form").evaluate((form: HTMLFormElement) => (form.noValidate = true));
    await page.getByRole("button", { name: "Add partner" }).click();
    await expect(page.getByLabel("Code")).toHaveAttribute("aria-invalid", "true");
    await expect(page.getByLabel("E-mail")).toHaveAttribute("aria-invalid", "true");
    await expect(page.getByLabel("Website")).toHaveValue("pat.example");

    const email = `${code}@partner.example`;
    await page.getByLabel("E-mail").fill(email);
    await page.getByLabel("Code").fill(code);
    await page.getByRole("button", { name: "Add partner" }).click();
    await page.waitForURL(`**/admin/acme/partners/${code}`);
    await expect(page.getByText("Partner added, and invited by mail")).toBeVisible();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Pat <b>Partner</b> '); drop table partners; --");

    // The partner comes in by the invitation, and is paused and let in again by the team.
    const partner = await (await browser.newContext()).newPage();
    await partner.goto(linkIn(await mailTo(request, email, /./), "/accept-invitation/"));
    await expect(partner.getByRole("heading", { level: 1, name: /^Become a partner of / })).toBeVisible();
    await partner.getByLabel("Password", { exact: true }).fill(password);
    await partner.getByRole("button", { name: "Come in" }).click();
    await expect(partner.getByText("Please accept the terms.")).toBeVisible();
    await partner.getByLabel("Password", { exact: true }).fill(password);
    await partner.getByLabel("I accept these terms").check();
    await partner.getByRole("button", { name: "Come in" }).click();
    await partner.waitForURL((url) => !url.pathname.startsWith("/accept"));
    await partner.goto("/p/acme");
    await expect(partner.getByRole("heading", { level: 1, name: "Dashboard" })).toBeVisible();
    await expect(partner.getByRole("link", { name: "Read and accept them" })).toHaveCount(0);

    await page.locator("html[data-hydrated]").waitFor();
    await page.getByRole("button", { name: "Actions" }).click();
    await page.getByRole("menuitem", { name: "Pause" }).click();
    const dialog = page.getByRole("dialog", { name: /Pause/ });
    await dialog.getByLabel("Reason").fill("Asked for it");
    await dialog.getByRole("button", { name: "Pause" }).click();
    await expect(page.locator(".pill", { hasText: "Paused" }).first()).toBeVisible();
    await expect(page.getByText("Asked for it")).toBeVisible();
  });

  test("an offer is made with several rewards, and a wrong one says which", async ({ page }) => {
    const name = fresh("Offer");
    await enter(page, "/admin/acme/offers/new");
    await page.getByLabel("Name").fill(name);
    await page.getByLabel("Percentage").first().fill("140");
    await page.getByLabel("Held for").fill("soon");
    await page.getByLabel("Tiers").selectOption("customers");
    await page.getByLabel("From", { exact: true }).fill("0");
    await page.getByLabel("Tier\u2019s percentage").fill("40");
    await page.getByRole("button", { name: "Save the offer" }).click();
    // All of it is told at once, each beside its field, and each goes as it is corrected.
    const wrong = page.locator("main [aria-invalid=true]");
    await expect(page.getByLabel("Percentage").first()).toHaveAttribute("aria-invalid", "true");
    await expect(wrong).toHaveCount(3);
    await page.getByLabel("From", { exact: true }).fill("10");
    await expect(wrong).toHaveCount(2);
    await page.getByLabel("Held for").fill("30");
    await page.getByLabel("Percentage").first().fill("12.5");
    await expect(wrong).toHaveCount(0);
    await page.getByRole("button", { name: "Add a reward" }).click();
    await page.getByLabel("Percentage").last().fill("5");
    await page.getByRole("button", { name: "Save the offer" }).click();
    await page.waitForURL("**/admin/acme/offers");
    await expect(page.getByText(name)).toBeVisible();
  });

  test("a promo code belongs to one partner", async ({ page }) => {
    const code = fresh("PROMO").toUpperCase();
    await enter(page, "/admin/acme/promo-codes");
    for (const [attempt, partner] of ["nobody-at-all", "ada lind"].entries()) {
      if (attempt === 0) await page.getByRole("button", { name: "New promo code" }).click();
      const drawer = page.getByRole("dialog", { name: "New promo code" });
      await drawer.getByLabel("Partner").fill(partner);
      // Found by the name too: what is chosen is the code, and a name that is typed in full will do.
      if (attempt === 1) await expect(drawer.locator("datalist option[value=ada]")).toBeAttached();
      await drawer.getByLabel("Promo code").fill(code);
      await drawer.getByRole("button", { name: "Make the promo code" }).click();
      if (attempt === 0) await expect(drawer.getByLabel("Partner")).toHaveAttribute("aria-invalid", "true");
    }
    await expect(page.getByRole("row", { name: new RegExp(code) })).toBeVisible();
    await page.goto(`/admin/acme/audit-log?q=${code}`);
    await expect(page.getByRole("row", { name: new RegExp(code) })).toContainText("Partner: ada");
    await expect(page.getByRole("row", { name: new RegExp(code) })).toContainText("Promo code made");
    await page.goto(`/admin/acme/promo-codes?q=${code}`);
    await expect(async () => {
      await page.getByRole("button", { name: `Edit ${code}` }).click();
      await expect(page.getByRole("dialog", { name: "Edit promo code" })).toBeVisible({ timeout: 1_000 });
    }).toPass();
    const edited = page.getByRole("dialog", { name: "Edit promo code" });
    await edited.getByLabel("What it gives the customer").fill("A month for nothing");
    await edited.getByRole("button", { name: "Save" }).click();
    await expect(page.getByRole("row", { name: new RegExp(code) })).toContainText("A month for nothing");
  });

  test("settings: a mistake changes nothing", async ({ page }) => {
    await enter(page, "/admin/acme/settings");
    const name = await page.getByLabel("Name").inputValue();
    await page.getByLabel("Name").fill("Another name");
    await page.getByLabel("Attribution window").fill("-3");
    await page.getByLabel("Payment day").fill("the last");
    await page.getByRole("button", { name: "Save the settings" }).click();
    await expect(page.getByLabel("Attribution window")).toHaveAttribute("aria-invalid", "true");
    await expect(page.getByLabel("Payment day")).toHaveAttribute("aria-invalid", "true");
    await page.getByLabel("Payment day").fill("5");
    await expect(page.getByLabel("Payment day")).not.toHaveAttribute("aria-invalid", "true");
    await expect(page.getByLabel("Attribution window")).toHaveAttribute("aria-invalid", "true");
    await page.reload();
    await expect(page.getByLabel("Name")).toHaveValue(name);
    await expect(page.getByLabel("Currency")).toHaveAttribute("readonly");
  });

  test("one way to pay stays", async ({ page }) => {
    await enter(page, "/admin/acme/settings");
    const ways = page.locator("section.card", { has: page.getByRole("heading", { name: "Payout methods" }) });
    for (const way of await ways.getByRole("switch").all()) await way.uncheck();
    await ways.getByRole("button", { name: "Save the payout methods" }).click();
    await expect(ways.getByText("Keep at least one")).toBeVisible();
    await page.reload();
    await expect(ways.getByRole("switch", { name: "PayPal" })).toBeChecked();
  });

  test("a new program begins on its overview with what to do next", async ({ page }) => {
    const slug = fresh("program");
    await enter(page, "/admin/new-program");
    await page.getByLabel("Name", { exact: true }).fill("Orchard");
    await page.getByLabel("Name in addresses").fill(slug);
    await page.getByLabel("Website").fill("https://orchard.example");
    await expect(page.getByLabel("Time zone").locator("option[value='US/Eastern']")).toHaveCount(0);
    await page.getByLabel("Time zone").selectOption("America/New_York");
    await page.getByRole("button", { name: "Create the program" }).click();
    await page.waitForURL(`**/admin/${slug}`);
    await expect(page.getByText("Program created")).toBeVisible();
    const steps = page.locator("section.card", { has: page.getByRole("heading", { name: "Next steps" }) });
    await expect(steps.getByRole("listitem")).toHaveCount(8);
    await steps.getByRole("link", { name: "Make an offer" }).click();
    await page.getByLabel("Name").fill("Standard");
    await page.getByRole("button", { name: "Save the offer" }).click();
    await page.waitForURL(`**/admin/${slug}/offers`);
    await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Overview" }).click();
    await expect(steps.getByText("Done", { exact: true })).toHaveCount(1);
    await steps.getByRole("button", { name: "Hide these steps" }).click();
    await expect(page.getByText("Steps hidden")).toBeVisible();
    await expect(steps).toHaveCount(0);
  });
});

test("an API key is shown once, works, and ends when it is revoked", async ({ page, request }) => {
  const name = fresh("Key");
  await enter(page, "/admin/acme/api-keys");
  if ((await page.getByRole("link", { name: "Confirm to make a key" }).count()) > 0) {
    await page.getByRole("link", { name: "Confirm to make a key" }).click();
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Confirm" }).click();
    await page.waitForURL("**/admin/acme/api-keys");
  }
  await page.getByRole("button", { name: "New API key" }).first().click();
  const drawer = page.getByRole("dialog", { name: "New API key" });
  await drawer.getByLabel("Name").fill(name);
  await drawer.getByRole("button", { name: "Make the API key" }).click();
  const key = (await page.getByRole("textbox", { name: "API key" }).textContent())!.trim();
  const ask = async () => (await request.post("/api/v1/track/signup", {
    headers: { authorization: `Bearer ${key}` },
    data: { event_id: fresh("event"), customer: { external_id: fresh("customer") } },
  })).status();
  expect(await ask()).toBeLessThan(300);
  await page.getByRole("button", { name: new RegExp(`Revoke.*${name}`) }).click();
  await page.getByRole("dialog", { name: new RegExp(name) }).getByRole("button", { name: "Revoke" }).click();
  await expect(page.getByRole("row", { name: new RegExp(name) }).getByRole("button")).toHaveCount(0);
  expect(await ask()).toBe(401);
});

test("a commission is reversed with a reason, which Why? tells", async ({ page }) => {
  await enter(page, "/admin/acme/commissions?status=held");
  const row = page.getByRole("row").filter({ has: page.getByRole("button", { name: /Reverse the commission/ }) }).first();
  const customer = await row.getByRole("link").first().textContent();
  await row.getByRole("button", { name: /Reverse the commission/ }).click();
  const dialog = page.getByRole("dialog", { name: /Reverse this commission/ });
  await dialog.getByLabel("Reason").fill("A test order");
  await dialog.getByRole("button", { name: "Reverse" }).click();
  await expect(dialog).toBeHidden();
  await page.goto(`/admin/acme/commissions?status=reversed&q=${encodeURIComponent(customer!)}`);
  await page.locator("summary:visible", { hasText: "Why?" }).first().click();
  await expect(page.getByText("A test order").first()).toBeVisible();
});

test("the countries of a payout method are chosen by name", async ({ page }) => {
  await enter(page, "/admin/northwind/settings");
  const save = async () => {
    await page.getByRole("button", { name: "Save the payout methods" }).click();
    await expect(page.getByText("Payout methods saved").last()).toBeVisible();
  };
  await expect(page.getByText(/Next: \d+ \w+ \d{4}/)).toBeVisible();
  const cheques = page.getByRole("group", { name: "Countries for Cheque by post" });
  await page.getByLabel("Add a country for Cheque by post").fill("Germany");
  await page.getByRole("button", { name: "Add the country for Cheque by post" }).click();
  await expect(cheques.getByLabel("Germany")).toBeChecked();
  await save();
  await page.reload();
  await expect(cheques.getByLabel("Germany")).toBeChecked();
  await cheques.getByLabel("Germany").uncheck();
  await save();
  await expect(cheques.getByLabel("Germany")).toHaveCount(0);
});

test("a commission in review is approved once it was said what follows", async ({ page }) => {
  await enter(page, "/admin/northwind/commissions?status=review");
  await page.getByRole("button", { name: /Approve the commission/ }).first().click();
  const dialog = page.getByRole("dialog", { name: /Approve this commission/ });
  await expect(dialog).toContainText("due once its hold has ended");
  await dialog.getByRole("button", { name: "Approve" }).click();
  await expect(page.getByText("Commission approved")).toBeVisible();
  await expect(dialog).toBeHidden();
});

test("commissions in review are judged many at once, with what they come to said first", async ({ page }) => {
  await enter(page, "/admin/northwind/review");
  await page.getByRole("button", { name: "Why?" }).first().click();
  await expect(page.locator(".reasons:popover-open")).toBeVisible();
  await page.keyboard.press("Escape");
  await page.getByRole("combobox", { name: "Reason" }).selectOption({ label: "Shared payout details" });
  await page.getByRole("button", { name: "Show" }).click();
  await page.waitForURL(/reason=shared_payout/);
  await page.getByRole("combobox", { name: "Reason" }).selectOption({ label: "Any reason" });
  await page.getByRole("button", { name: "Show" }).click();
  await page.waitForURL(/reason=$/);
  const boxes = page.getByRole("checkbox", { name: /^Choose the commission of/ });
  await boxes.nth(0).check();
  await boxes.nth(1).check();
  await page.getByRole("button", { name: "Approve the chosen" }).click();
  let dialog = page.getByRole("dialog", { name: "Approve the chosen commissions?" });
  await expect(dialog).toContainText(/2 commissions of \d partners?, \S+ in all/);
  await dialog.getByRole("button", { name: "Approve" }).click();
  await expect(page.getByText("2 commissions approved.")).toBeVisible();
  await expect(dialog).toBeHidden();
  await visit(page, "/admin/northwind/review");
  await boxes.nth(0).check();
  await page.getByRole("button", { name: "Reverse the chosen" }).click();
  dialog = page.getByRole("dialog", { name: "Reverse the chosen commissions?" });
  await dialog.getByLabel("Reason").fill("A test order");
  await dialog.getByRole("button", { name: "Reverse" }).click();
  await expect(page.getByText("1 commission reversed.")).toBeVisible();
});

test("everything is reached by keyboard", async ({ page }) => {
  await enter(page, "/admin/acme");
  await page.keyboard.press("Control+k");
  const palette = page.getByRole("combobox");
  await expect(palette).toBeFocused();
  await palette.fill("promo");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/admin/acme/promo-codes");
  await expect(page.getByRole("heading", { level: 1, name: "Promo codes" })).toBeVisible();
});
