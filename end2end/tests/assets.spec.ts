import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures";
import { ada, admin, fits, fresh, signIn } from "./people";

// Forms are sent with mistakes in them.
test.use({ permissions: ["clipboard-read", "clipboard-write"], expectedTrouble: [/422/] });

/** A red picture of 2 by 1 pixels. */
const picture = {
  name: "Spring sale.png",
  mimeType: "image/png",
  buffer: Buffer.from(
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAIAAAB7QOjdAAAADUlEQVR4nGP4z8AARAAI/gH/xp559wAAAABJRU5ErkJggg==",
    "base64",
  ),
};

const copied = (page: Page) => page.evaluate(() => navigator.clipboard.readText());

test("a banner is uploaded, found by the partner with its link in it, counted, archived and restored", async ({ page, hydrated, request, browser }) => {
  const name = fresh("Banner");
  await signIn(page, admin, "/admin/acme/assets");
  await hydrated();
  await page.getByRole("button", { name: "New asset" }).click();
  await page.getByRole("menuitem", { name: "Banner" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "New banner" })).toBeVisible();
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Image: choose a file, or drop it here").setInputFiles({ ...picture, name: "x.svg", buffer: Buffer.from("<svg/>") });
  await page.getByRole("button", { name: "Save the asset" }).click();
  await expect(page.getByText("Choose a PNG, JPEG, WebP or GIF image.").first()).toBeVisible();
  await page.getByLabel("Image: choose a file, or drop it here").setInputFiles(picture);
  await page.getByLabel("Page that it leads to").fill("/shop");
  await page.getByRole("button", { name: "Save the asset" }).click();
  await page.waitForURL("/admin/acme/assets");
  const row = page.getByRole("row", { name: new RegExp(name) });
  await expect(row).toContainText("2 × 1");

  const theirs = await browser.newContext({ permissions: ["clipboard-read", "clipboard-write"] });
  const portal = await theirs.newPage();
  await signIn(portal, ada, `/p/acme/assets?q=${name}`);
  await portal.locator("html[data-hydrated]").waitFor();
  await portal.getByRole("button", { name: /Copy.*Code for your page/ }).click();
  const code = await copied(portal);
  expect(code).toContain("/r/acme/ada?to=/shop");
  const view = /src="([^"]+)"/.exec(code)?.[1] ?? "";
  const answer = await request.get(view);
  expect(answer.headers()["content-type"]).toBe("image/png");
  await theirs.close();

  await row.getByRole("button", { name: `Archive ${name}` }).click();
  const ask = page.getByRole("dialog", { name: "Archive this banner?" });
  await expect(ask.getByText("Pages that show it go on showing it")).toBeVisible();
  await ask.getByRole("button", { name: "Archive" }).click();
  await expect(row).toHaveCount(0);
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(row).toBeVisible();
});

test("a file that is too large or empty is refused beside its field", async ({ page, hydrated }) => {
  await signIn(page, admin, "/admin/acme/assets/new?kind=file");
  await hydrated();
  await page.getByLabel("Name").fill(fresh("File"));
  const choose = async (length: number) => {
    const buffer = Buffer.alloc(length, "x");
    await page.getByLabel(/^File/).setInputFiles({ name: "facts.txt", mimeType: "text/plain", buffer });
    await page.getByRole("button", { name: "Save the asset" }).click();
  };
  await choose(21 * 1024 * 1024);
  await expect(page.getByText("Choose a file of at most 20 MB.").first()).toBeVisible();
  await choose(0);
  await expect(page.getByText("This file is empty. Choose another.").first()).toBeVisible();
});

test("words are copied with the partner's link filled in, and a page is read", async ({ page, hydrated }) => {
  await signIn(page, ada, "/p/acme/assets?kind=email");
  await hydrated();
  await page.getByRole("button", { name: /Copy the text/ }).first().click();
  expect(await copied(page)).toMatch(/\/r\/acme\/ada\b/);
  await page.goto("/p/acme/assets?kind=page");
  await page.getByRole("link", { name: /^Read / }).first().click();
  await expect(page.getByRole("heading", { level: 2, name: "How to recommend us" })).toBeVisible();
});

test("a link gets a campaign and another code, and its QR codes are there", async ({ page, hydrated, request }) => {
  const code = fresh("spring");
  await signIn(page, ada, "/p/acme/links");
  await hydrated();
  await page.getByLabel("Code in the address").fill("acme-is-great");
  await page.getByLabel("Where it leads").fill("https://evil.example/");
  await page.getByRole("button", { name: "Make the link" }).click();
  await expect(page.getByText("Choose a page on one of the program's own sites.").first()).toBeVisible();
  await page.getByLabel("Where it leads").fill("/shop");
  await page.getByLabel("Code in the address").fill(code);
  await page.getByText("Sub-id and UTM fields").click();
  await page.getByLabel("Sub-id").fill("footer");
  await page.getByLabel("UTM source").fill("newsletter");
  await page.getByRole("button", { name: "Make the link" }).click();
  await page.getByRole("link", { name: new RegExp(code) }).click();
  await expect(page.getByRole("heading", { level: 1, name: code })).toBeVisible();
  await expect
    .poll(async () => (await request.get(`/r/acme/${code}`, { maxRedirects: 0 })).headers()["location"])
    .toMatch(/^https?:\/\/[^/]+\/shop\?.*sub=footer&utm_source=newsletter/);
  await expect(page.getByLabel("Where it leads")).toHaveValue(/^https?:\/\/[^/]+\/shop$/);
  for (const ending of ["svg", "png"]) {
    expect((await request.get(`/qr/acme/${code}.${ending}`)).status()).toBe(200);
  }
  await page.getByLabel("Code in the address").fill("ada");
  await page.getByRole("button", { name: "Save the link" }).click();
  await expect(page.getByText("This code is in use. Choose another.").first()).toBeVisible();
  await page.getByLabel("Code in the address").fill(`${code}-2`);
  await page.getByRole("button", { name: "Save the link" }).click();
  await expect(page.getByRole("heading", { level: 1, name: `${code}-2` })).toBeVisible();
  await page.setViewportSize({ width: 390, height: 900 });
  await fits(page);
  const { violations } = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]).analyze();
  expect(violations.map((one) => one.id)).toEqual([]);
});

test("a link is shared with the partner's own words, and a photo is shown and taken away", async ({ page, hydrated }) => {
  await signIn(page, ada, "/p/acme");
  await hydrated();
  await page.getByLabel("Your text").fill("Try Acme & see");
  await expect(page.getByRole("link", { name: "Share on X" })).toHaveAttribute("href", /text=Try%20Acme%20%26%20see&url=.*ada/);
  await expect(page.getByRole("link", { name: "Share on Facebook" })).toHaveAttribute("href", /sharer\.php\?u=[^&]*ada$/);
  await page.getByRole("button", { name: /Add a photo|Change photo/ }).click();
  const dialog = page.getByRole("dialog", { name: "Your photo" });
  await dialog.getByLabel(/^Photo/).setInputFiles(picture);
  await dialog.getByRole("button", { name: "Save the photo" }).click();
  await expect(page.getByText("Your photo is changed")).toBeVisible();
  await expect(page.locator("main img.avatar")).toHaveAttribute("src", /\/files\/acme\//);
  await page.getByRole("link", { name: "Edit profile" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "My profile" })).toBeVisible();
  await expect(page.locator("main img.avatar")).toHaveAttribute("src", /\/files\/acme\//);
  await page.getByRole("button", { name: "Change photo" }).click();
  await dialog.getByRole("button", { name: "Take the photo away" }).click();
  await expect(page.locator("main img.avatar")).toHaveCount(0);
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false, expectedTrouble: [/422|\.js csp$/] });

  test("a file is uploaded by a plain form, and what is wrong is told beside its field", async ({ page }) => {
    const name = fresh("File");
    await signIn(page, admin, "/admin/acme/assets/new?kind=file");
    await page.getByLabel("Name").fill(name);
    await page.getByLabel(/^File/).setInputFiles({ name: "x.html", mimeType: "text/html", buffer: Buffer.from("<html>") });
    await page.getByRole("button", { name: "Save the asset" }).click();
    await expect(page.getByText("Choose a PDF, ZIP, office, CSV, text, MP4 or image file.").first()).toBeVisible();
    await page.getByLabel("Name").fill(name);
    await page.getByLabel(/^File/).setInputFiles({ name: "facts.txt", mimeType: "text/plain", buffer: Buffer.from("Facts") });
    await page.getByRole("button", { name: "Save the asset" }).click();
    await page.waitForURL("/admin/acme/assets");
    await expect(page.getByRole("row", { name: new RegExp(name) })).toBeVisible();
  });
});
