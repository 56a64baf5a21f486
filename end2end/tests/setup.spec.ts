import { readFileSync } from "node:fs";
import { freshPort } from "../playwright.config";
import { expect, test } from "./fixtures";
import { fits } from "./people";

const server = `http://127.0.0.1:${freshPort}`;
test.use({ baseURL: server });

test("the first run leads from the token to the first sale", async ({ page, request, hydrated }) => {
  // Without the token, or with another, nobody becomes the owner.
  await page.goto("/setup?token=guessed");
  await hydrated();
  await expect(page.getByLabel("Your name")).toHaveCount(0);

  const token = /\/setup\?token=(\S+)/.exec(readFileSync(`../var/test/server-${freshPort}.log`, "utf8"))?.[1];
  await page.goto(`/setup?token=${token}`);
  await hydrated();
  await page.getByLabel("Your name").fill("Olive Owner");
  await page.getByLabel("Your company").fill("Orchard");
  await page.getByLabel("E-mail").fill("olive@orchard.example");
  await page.getByLabel("Password", { exact: true }).fill("short");
  await page.getByRole("button", { name: "Create the owner" }).click();
  // The mistake stands beside its field, and what was typed is still there.
  await expect(page.getByLabel("Password", { exact: true })).toHaveAttribute("aria-invalid", "true");
  await expect(page.getByLabel("Your company")).toHaveValue("Orchard");
  await page.getByLabel("Password", { exact: true }).fill("a long enough password");
  await page.getByRole("button", { name: "Create the owner" }).click();

  await page.getByLabel("Name", { exact: true }).fill("Orchard partners");
  await page.getByLabel("Name in addresses").fill("Not An Address!");
  await page.getByLabel("Description").fill("For friends of apples.");
  await page.getByLabel("Website").fill("https://www.orchard.example");
  await page.getByRole("button", { name: "Create the program" }).click();
  await expect(page.getByLabel("Name in addresses")).toHaveAttribute("aria-invalid", "true");
  await page.getByLabel("Name in addresses").fill("orchard");
  await page.getByRole("button", { name: "Create the program" }).click();

  await page.getByLabel("Partners earn").fill("12.5");
  await page.getByLabel("And for each new customer").fill("20");
  await page.getByRole("button", { name: "Create the offer" }).click();

  await page.getByRole("button", { name: "Make the API key" }).click();
  const key = (await page.getByRole("textbox", { name: "API key" }).textContent())!.trim();
  await expect(page.getByRole("region", { name: "snippet" })).toContainText(`data-program="orchard"`);
  // What the page tells the company to run is what the test runs.
  const shown = await page.getByRole("region", { name: "commands" }).textContent();
  const commands = [...shown!.matchAll(/curl (\S+)[^']*-d '([^']*)'/g)];
  expect(commands).toHaveLength(2);
  const report = async ([, address, body]: string[], clickId = "") => {
    const headers = { authorization: `Bearer ${key}` };
    const response = await request.post(address, { headers, data: JSON.parse(body.replace("…", clickId)) });
    expect(response.status(), await response.text()).toBe(201);
  };
  await fits(page);
  await page.getByRole("button", { name: /I have kept the key/ }).click();

  await page.getByLabel("Partner's name").fill("Pia Pear");
  await page.getByRole("button", { name: "Add the partner" }).click();
  const link = (await page.getByRole("textbox", { name: "link" }).textContent())!.trim();
  await expect(page.getByText("Waiting for your first click…")).toBeVisible();

  const click = await request.get(link, { maxRedirects: 0 });
  expect(click.status()).toBe(302);
  const clickId = new URL(click.headers().location).searchParams.get("tid");
  await expect(page.getByText("Your first click has come.")).toBeVisible();
  await report(commands[0], clickId!);
  await expect(page.getByText("Your first sign-up has come.")).toBeVisible();
  await report(commands[1]);
  await expect(page.getByText(/Your first sale has come/)).toBeVisible();

  await page.getByRole("link", { name: "Go to your program" }).click();
  await page.waitForURL("**/admin/orchard");
  await page.goto("/admin/orchard/commissions");
  // 12.5 % of 49.00, and 20.00 for the customer.
  await expect(page.getByRole("cell", { name: "$6.13" }).first()).toBeVisible();
  await expect(page.getByRole("cell", { name: "$20.00" }).first()).toBeVisible();
  await page.goto("/admin/orchard/settings");
  await expect(page.getByLabel("Description")).toHaveValue("For friends of apples.");
});
test.use({ expectedTrouble: [/\/fn\/setup\/(owner|program)/] });
