import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures";
import { ada, admin, fits, fresh, signIn } from "./people";

/** Drops a file on the drawer, as a person does with the mouse. */
async function dropFile(page: Page, name: string, text: string, encoding: "utf8" | "latin1" = "utf8") {
  const bytes = [...Buffer.from(text, encoding)];
  const data = await page.evaluateHandle(
    ({ name, bytes }) => {
      const data = new DataTransfer();
      data.items.add(new File([new Uint8Array(bytes)], name, { type: "text/csv" }));
      return data;
    },
    { name, bytes },
  );
  const zone = page.getByRole("dialog", { name: "Import leads" }).getByLabel(/drop it here/);
  await zone.dispatchEvent("dragover", { dataTransfer: data });
  await zone.dispatchEvent("drop", { dataTransfer: data });
}

async function looksFine(page: Page) {
  const found = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]).analyze();
  expect(found.violations).toEqual([]);
}

/** The team lets partners import. */
async function allowImports(page: Page) {
  await signIn(page, admin, "/admin/acme/lead-settings");
  await page.locator("html[data-hydrated]").waitFor({ state: "attached" });
  const box = page.getByLabel("Import leads");
  if (await box.isChecked()) return;
  await box.check();
  await page.getByRole("button", { name: "Save the settings" }).click();
  await expect(page.getByText("Lead settings saved")).toBeVisible();
}

async function open(page: Page) {
  await page.goto("/p/acme/leads?import=1");
  await page.locator("html[data-hydrated]").waitFor({ state: "attached" });
  const drawer = page.getByRole("dialog", { name: "Import leads" });
  await expect(drawer.getByRole("link", { name: "Download CSV template" })).toBeVisible();
  return drawer;
}

test("a file is dropped, mended, imported, and its refused rows come back mended", async ({ page, browser, hydrated }) => {
  const team = await (await browser.newContext()).newPage();
  await allowImports(team);
  await signIn(page, ada, "/p/acme/leads");
  await hydrated();
  const drawer = await open(page);
  await looksFine(page);

  const template = await page.request.get((await drawer.getByRole("link", { name: "Download CSV template" }).getAttribute("href"))!);
  const head = (await template.text()).replace("\ufeff", "").split("\n")[0];
  expect(head).toContain("E-mail *");

  // Windows-1252, semicolons; the second row has a mistake, the third repeats the first.
  const [nora, max] = [`${fresh("nora")}@harbor.example`, `${fresh("max")}@harbor.example`];
  const rows = [`E-mail;Name;Notes`, `${nora};J\u00fcrgen;=1+1`, `${max.replace("@", " at ")};Max;`, `${nora};Again;`];
  await dropFile(page, "fair.csv", rows.join("\r\n"), "latin1");
  await expect(drawer.getByText("Windows-1252, semicolons between columns")).toBeVisible();
  await expect(drawer.getByText("3 rows")).toBeVisible();
  await expect(drawer.getByText("1 with errors")).toBeVisible();
  await expect(drawer.getByLabel("Rows with errors")).toBeChecked();
  await looksFine(page);
  const grid = drawer.getByRole("grid", { name: "Rows of the file" });
  const cell = grid.getByLabel("E-mail, row 3");
  await expect(cell).toHaveAttribute("aria-invalid", "true");
  await expect(cell).toHaveAccessibleDescription("This is not an e-mail address.");
  await cell.fill(max);
  await cell.press("Tab");
  await expect(drawer.getByText("0 with errors")).toBeVisible();
  await drawer.getByLabel("Rows with errors").uncheck();
  await expect(grid.getByLabel("Name, row 2")).toHaveValue("J\u00fcrgen");

  // What was mended is not lost by a slip.
  page.once("dialog", (question) => question.dismiss());
  await drawer.getByRole("button", { name: "Close" }).click();
  await expect(drawer).toBeVisible();

  await drawer.getByRole("button", { name: "Import and submit" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Import history" })).toBeVisible();
  const first = page.getByRole("table", { name: "Imports" }).getByRole("row", { name: /fair\.csv/ }).first();
  await expect(first).toContainText("Done", { timeout: 30_000 });
  await looksFine(page);

  const file = first.getByRole("link", { name: /Download error CSV/ });
  const errors = await (await page.request.get((await file.getAttribute("href"))!)).text();
  const lines = errors.replace("\ufeff", "").trimEnd().split("\n");
  expect(lines[0]).toBe("E-mail,Name,Notes,Reason");
  expect(lines).toHaveLength(2);
  expect(lines[1]).toContain("You have added this lead already.");

  // Mended, with its reasons still in it; they are no column of the form.
  const eve = `${fresh("eve")}@harbor.example`;
  await open(page);
  await dropFile(page, "fair-errors.csv", errors.replace(nora, eve));
  await expect(drawer.getByText("0 with errors")).toBeVisible();
  await drawer.getByRole("button", { name: "Import and submit" }).click();
  const second = page.getByRole("table", { name: "Imports" }).getByRole("row", { name: /fair-errors\.csv/ }).first();
  await expect(second).toContainText("Done", { timeout: 30_000 });

  // The same rows twice say so.
  await open(page);
  await dropFile(page, "fair-errors.csv", errors.replace(nora, eve));
  await drawer.getByRole("button", { name: "Import and submit" }).click();
  await expect(drawer.getByText("You have imported these very rows already")).toBeVisible();
  await page.goto("/p/acme/leads");
  for (const email of [nora, max, eve]) await expect(page.getByText(email).first()).toBeVisible();
});

test("a hundred thousand rows are read without holding the page up", async ({ page, browser, hydrated }) => {
  const team = await (await browser.newContext()).newPage();
  await allowImports(team);
  await signIn(page, ada, "/p/acme/leads");
  await hydrated();
  const drawer = await open(page);
  const rows = Array.from({ length: 100_000 }, (_, n) => `lead${n}@harbor${n}.example,"Lead ${n}"`);
  await drawer.getByLabel(/drop it here/).setInputFiles({
    name: "many.csv",
    mimeType: "text/csv",
    buffer: Buffer.from(["E-mail,Name", ...rows].join("\n")),
  });
  await expect(drawer.getByText("100,000 rows")).toBeVisible({ timeout: 30_000 });
  const grid = drawer.getByRole("grid", { name: "Rows of the file" });
  await expect(grid.getByLabel("E-mail, row 2", { exact: true })).toHaveValue("lead0@harbor0.example");
  await grid.evaluate((element) => element.scrollTo(0, element.scrollHeight));
  await expect(grid.getByLabel("E-mail, row 100001")).toHaveValue("lead99999@harbor99999.example");
  expect(await grid.getByRole("row").count()).toBeLessThan(120);
  // Columns are matched anew.
  await grid.evaluate((element) => element.scrollTo(0, 0));
  await grid.getByLabel("What Name is").selectOption("Not imported");
  await grid.getByLabel("What E-mail is").selectOption("Name");
  await expect(drawer.getByText(/Choose which column is E-mail/)).toBeVisible();
  await expect(drawer.getByRole("button", { name: "Import and submit" })).toBeDisabled();
});

test("columns are matched by hand, and what was refused comes back matched", async ({ page, browser, hydrated }) => {
  const team = await (await browser.newContext()).newPage();
  await allowImports(team);
  await signIn(page, ada, "/p/acme/leads");
  await hydrated();
  const drawer = await open(page);
  const email = `${fresh("kontakt")}@harbor.example`;
  const name = fresh("hand");
  await dropFile(page, `${name}.csv`, `Kontakt,Wer\n${email},Nora\nnowhere,Max\n`);
  const send = drawer.getByRole("button", { name: "Import and submit" });
  await expect(send).toBeDisabled();
  await expect(drawer.getByText("No row is ready: match the columns or mend a row first.")).toBeVisible();
  const grid = drawer.getByRole("grid", { name: "Rows of the file" });
  await grid.getByLabel("What Kontakt is").selectOption("E-mail");
  await expect(drawer.getByText("1 with errors")).toBeVisible();
  await expect(grid.getByLabel("Kontakt, row 2"), "it is right by now").toHaveCount(0);
  await expect(grid.getByLabel("Kontakt, row 3")).toBeVisible();
  await page.setViewportSize({ width: 390, height: 844 });
  await looksFine(page);
  await fits(page);
  await send.click();
  await expect(page.getByRole("heading", { level: 1, name: "Import history" })).toBeVisible();
  const row = page.getByRole("table", { name: "Imports" }).getByRole("row", { name: new RegExp(name) });
  await expect(row).toContainText("Done, some refused", { timeout: 30_000 });
  await looksFine(page);
  await fits(page);
  const file = row.getByRole("link", { name: /Download error CSV/ });
  const errors = await (await page.request.get((await file.getAttribute("href"))!)).text();
  expect(errors.replace("\ufeff", "").split("\n")[0]).toBe("E-mail,Wer,Reason");
});

test("what is no CSV file says so, and sending can be cancelled", async ({ page, browser, hydrated }) => {
  const team = await (await browser.newContext()).newPage();
  await allowImports(team);
  await signIn(page, ada, "/p/acme/leads");
  await hydrated();
  const drawer = await open(page);
  await dropFile(page, "book.xlsx", "PK\u0003\u0004\u0014\u0000\u0006\u0000", "latin1");
  await expect(drawer.getByRole("alert")).toContainText("Save the sheet as CSV");
  const word = fresh("never");
  const rows = Array.from({ length: 50_000 }, (_, n) => `${word}${n}@harbor${n}.example,"Lead ${n}"`);
  await drawer.getByLabel(/drop it here/).setInputFiles({
    name: `${word}.csv`,
    mimeType: "text/csv",
    buffer: Buffer.from(["E-mail,Name", ...rows].join("\n")),
  });
  await expect(drawer.getByText("50,000 rows")).toBeVisible({ timeout: 30_000 });
  await drawer.getByRole("button", { name: "Import and submit" }).click();
  await drawer.getByRole("button", { name: "Cancel", exact: true }).click();
  await expect(drawer.getByRole("button", { name: "Import and submit" }), "it is as it was").toBeVisible();
  await page.goto("/p/acme/leads/imports");
  await expect(page.getByRole("row", { name: new RegExp(word) })).toContainText("Cancelled");
  await page.goto(`/p/acme/leads?q=${word}`);
  await expect(page.getByText("Nothing found")).toBeVisible();
});
