import { expect, test } from "./fixtures";

test("the first page comes alive", async ({ page, hydrated }) => {
  await page.goto("/");
  await hydrated();
  await expect(page).toHaveTitle(/Tributary/);
});

test("the package may be kept for ever, and comes compressed", async ({ page, request }) => {
  await page.goto("/");
  const module = await page.locator("link[rel=modulepreload]").first().getAttribute("href");
  const response = await request.get(module!, { headers: { "accept-encoding": "br" } });
  expect(response.headers()).toMatchObject({
    "content-encoding": "br",
    "cache-control": expect.stringContaining("immutable"),
  });
});
