import AxeBuilder from "@axe-core/playwright";
import { createServer, type Server } from "node:http";
import { expect, test } from "./fixtures";
import { ada, enter, fits, fresh, signIn } from "./people";

// Where a site of Ada's is, and one of somebody else's.
const [own, others] = [4811, 4812];

test.describe("a form that a partner shares", () => {
  test.use({ expectedTrouble: [/\/fn\/partner\/capture-forms\/save|\/f\/acme\/|frame/] });

  test("is made, filled in without scripts, framed and posted to", async ({ page, browser, hydrated }) => {
    await signIn(page, ada, "/p/acme/leads");
    await hydrated();
    await page.getByRole("button", { name: "More" }).click();
    await page.getByRole("menuitem", { name: "Share a form" }).click();
    await expect(page.getByRole("heading", { level: 1, name: "Share a form" })).toBeVisible();
    await hydrated();
    const field = page.getByLabel("Your sites");
    await field.fill("no site");
    await page.getByRole("button", { name: "Save" }).click();
    await expect(page.getByText("no is no site. Write it as www.example.com.")).toBeVisible();
    await field.fill(`http://127.0.0.1:${own}`);
    await page.getByRole("button", { name: "Save" }).click();
    await expect(page.getByText("The form is saved")).toBeVisible();
    await fits(page);
    const link = (await page.getByRole("textbox", { name: "link" }).textContent())!.trim();
    const html = (await page.getByRole("region", { name: "HTML form" }).textContent())!;
    const frame = (await page.getByRole("region", { name: "Frame" }).textContent())!;
    expect(html).toContain(`action="${link}"`);

    // Without scripts, as a stranger.
    const stranger = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 390, height: 844 } });
    const visitor = await stranger.newPage();
    await visitor.goto(link);
    await expect(visitor.getByRole("heading", { level: 1, name: "Get in touch" })).toBeVisible();
    await fits(visitor);
    const email = `${fresh("vera")}@fjord.example`;
    await visitor.getByLabel("Name").fill("Vera Lund");
    await visitor.getByLabel("E-mail").fill("vera");
    await visitor.getByRole("button", { name: "Send" }).click();
    await expect(visitor.getByText("This is not an e-mail address.")).toBeVisible();
    await expect(visitor.getByLabel("Name")).toHaveValue("Vera Lund");
    await visitor.getByLabel("E-mail").fill(email);
    await visitor.getByRole("button", { name: "Send" }).click();
    await expect(visitor.getByRole("heading", { level: 1, name: "Thank you" })).toBeVisible();
    await fits(visitor);
    await stranger.close();

    // Axe needs scripts.
    const seeing = await browser.newContext();
    const seen = await seeing.newPage();
    for (const colorScheme of ["light", "dark"] as const) {
      await seen.emulateMedia({ colorScheme });
      await seen.goto(link);
      const { violations } = await new AxeBuilder({ page: seen }).withTags(["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]).analyze();
      expect(violations).toEqual([]);
    }

    // On a page of Ada's: in a frame, and as plain HTML. On another's not.
    const hers = await serve(own, { "/frame": frame, "/html": html });
    const theirs = await serve(others, { "/frame": frame });
    try {
      await seen.goto(`http://127.0.0.1:${own}/frame`);
      const inside = seen.frameLocator("iframe");
      await inside.getByLabel("E-mail").fill(`${fresh("frame")}@quay.example`);
      await inside.getByRole("button", { name: "Send" }).click();
      await expect(inside.getByRole("heading", { name: "Thank you" })).toBeVisible();
      await seen.goto(`http://127.0.0.1:${own}/html`);
      await seen.getByLabel("E-mail").fill(`${fresh("html")}@port.example`);
      await seen.getByRole("button", { name: "Send" }).click();
      await expect(seen.getByRole("heading", { level: 1, name: "Thank you" })).toBeVisible();
      await seen.goto(`http://127.0.0.1:${others}/frame`);
      await expect(seen.frameLocator("iframe").getByLabel("E-mail")).toHaveCount(0);
    } finally {
      hers.close();
      theirs.close();
      await seeing.close();
    }

    // It is a lead of Ada's, and says how it came.
    await page.goto(`/p/acme/leads?q=${email}`);
    await hydrated();
    await page.getByRole("link", { name: "Vera Lund" }).click();
    await expect(page.getByText("Submitted by a capture form")).toBeVisible();
  });

  test("a partner makes a key of its own, and revokes it", async ({ page, hydrated }) => {
    const name = fresh("crm");
    await signIn(page, ada, "/p/acme/leads/share");
    await hydrated();
    await page.getByLabel("Name of a new key").fill(name);
    await page.getByRole("button", { name: "Make a key" }).click();
    const key = (await page.getByRole("textbox", { name: "API key" }).textContent())!.trim();
    const ask = (path: string) =>
      page.request.get(`/api/v1${path}`, { headers: { authorization: `Bearer ${key}` }, failOnStatusCode: false });
    expect((await ask("/leads")).status()).toBe(200);
    expect((await ask("/partners")).status()).toBe(403);
    await page.getByRole("button", { name: `Revoke ${name}` }).click();
    await page.getByRole("dialog", { name: `Revoke ${name}?` }).getByRole("button", { name: "Revoke" }).click();
    await expect(page.getByText("The key is revoked")).toBeVisible();
    expect((await ask("/leads")).status()).toBe(401);
    await fits(page);
  });
});

test("an owner makes a key for one partner", async ({ page }) => {
  const name = fresh("theirs");
  await enter(page, "/admin/acme/api-keys");
  await page.getByRole("button", { name: "New API key" }).first().click();
  const drawer = page.getByRole("dialog", { name: "New API key" });
  await drawer.getByLabel("Name").fill(name);
  await drawer.getByLabel("Track").uncheck();
  await drawer.getByLabel("Submit").check();
  await drawer.getByLabel("Partner's code").fill("ada");
  await drawer.getByRole("button", { name: "Make the API key" }).click();
  await expect(page.getByRole("row", { name: new RegExp(name) })).toContainText("Submit for ada");
});

/** A site with these pages. */
async function serve(port: number, pages: Record<string, string>): Promise<Server> {
  const server = createServer((request, response) => {
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.end(`<!doctype html><html lang="en"><title>Mine</title><main>${pages[request.url ?? ""] ?? ""}</main></html>`);
  });
  await new Promise<void>((ready) => server.listen(port, "127.0.0.1", ready));
  return server;
}
