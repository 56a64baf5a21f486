import { expect, test } from "./fixtures";
import { ada, enter, fits, fresh, signIn, sound } from "./people";

test.describe("with mistakes in the form", () => {
  test.use({ expectedTrouble: [/\/fn\/partner\/leads\/submit/] });

  test("a partner submits a lead, follows it, changes it and takes it back", async ({ page, hydrated }) => {
    const email = `${fresh("nora")}@harbor.example`;
    await signIn(page, ada, "/p/acme/summary");
    await hydrated();
    await page.getByRole("link", { name: "Submit a lead" }).click();
    await expect(page.getByRole("heading", { level: 1, name: "Submit a lead" })).toBeVisible();
    await fits(page);
    const field = page.getByLabel("Their e-mail");
    await field.fill(ada);
    await page.getByLabel("Their name").fill("Nora Berg");
    await page.getByRole("button", { name: "Submit lead" }).click();
    await expect(page.getByText("This is your own e-mail address.")).toBeVisible();
    await expect(field).toHaveAttribute("aria-invalid", "true");
    await expect(page.getByLabel("Their name")).toHaveValue("Nora Berg");
    await field.fill(email);
    await page.getByRole("button", { name: "Submit lead" }).click();
    await expect(page.getByRole("heading", { level: 1, name: "Leads" })).toBeVisible();
    await expect(page.getByText("The lead is submitted")).toBeVisible();
    const row = page.getByRole("row").nth(1);
    await expect(row).toContainText(email);
    await expect(row).toContainText("New");
    await fits(page);

    await row.getByRole("link", { name: "Nora Berg" }).click();
    await expect(page.getByRole("heading", { level: 1, name: "Nora Berg" })).toBeVisible();
    await expect(page.getByRole("listitem").filter({ hasText: "Submitted" })).toContainText("You");
    await fits(page);
    await page.getByRole("link", { name: "Edit" }).click();
    await expect(page.getByLabel("Their e-mail")).toHaveValue(email);
    await page.getByLabel("Their name").fill("Nora Bergman");
    await page.getByRole("button", { name: "Save the lead" }).click();
    await expect(page.getByRole("heading", { level: 1, name: "Nora Bergman" })).toBeVisible();
    await expect(page.getByText("Changed: Name")).toBeVisible();

    await page.goto("/p/acme/leads/submit");
    await hydrated();
    await page.getByLabel("Their e-mail").fill(email);
    await page.getByRole("button", { name: "Submit lead" }).click();
    await expect(page.getByText("You have added this lead already.")).toBeVisible();

    await page.goto(`/p/acme/leads?q=${email}`);
    await hydrated();
    await page.getByRole("link", { name: "Nora Bergman" }).click();
    await page.getByRole("button", { name: "Take back" }).click();
    await page.getByRole("dialog", { name: "Take this lead back?" }).getByRole("button", { name: "Take it back" }).click();
    await expect(page.getByText("You have taken this lead back")).toBeVisible();
    await page.goto(`/p/acme/leads?q=${email}`);
    await expect(page.getByText("Nothing found")).toBeVisible();
    await page.goto(`/p/acme/leads?q=${email}&withdrawn=yes`);
    await expect(page.getByRole("row", { name: /Nora Bergman/ })).toContainText("Taken back");
  });
});

test("what was typed is kept in the browser until it is sent", async ({ page, hydrated }) => {
  await signIn(page, ada, "/p/acme/leads/submit");
  await hydrated();
  await page.getByLabel("Their e-mail").fill("draft@harbor.example");
  await page.getByLabel("Their name").fill("Drafty");
  await page.reload();
  await hydrated();
  await expect(page.getByText("Your draft is back.")).toBeVisible();
  await expect(page.getByLabel("Their e-mail")).toHaveValue("draft@harbor.example");
  await expect(page.getByLabel("Their name")).toHaveValue("Drafty");
  await page.getByRole("button", { name: "Start over" }).click();
  await expect(page.getByLabel("Their e-mail")).toHaveValue("");
  await page.reload();
  await hydrated();
  await expect(page.getByLabel("Their e-mail")).toHaveValue("");
  await expect(page.getByText("Your draft is back.")).toHaveCount(0);
});

test("where there are several groups, submitting asks which", async ({ page, browser, hydrated }) => {
  const name = fresh("Boats");
  const team = await (await browser.newContext()).newPage();
  await enter(team, "/admin/acme/lead-settings");
  await team.getByLabel("Another group").fill(name);
  await team.getByRole("button", { name: "Make the group" }).click();
  await team.waitForURL(/lead-settings\/groups\//);
  await expect(team.getByRole("heading", { level: 1, name })).toBeVisible();
  await team.locator("html[data-hydrated]").waitFor();
  await sound(team);
  await team.context().close();

  await signIn(page, ada, "/p/acme/leads/submit");
  await hydrated();
  const [group] = await page.getByLabel("Which group is the lead of?").selectOption({ label: name });
  // Its form is there.
  await expect(page.locator("input[name=group]")).toHaveValue(group);
  const email = `${fresh("boat")}@harbor.example`;
  await page.getByLabel("Their e-mail").fill(email);
  await page.getByRole("button", { name: "Submit lead" }).click();
  await expect(page.getByText("The lead is submitted")).toBeVisible();
  await page.getByRole("link", { name: email }).click();
  await expect(page.getByText(name, { exact: true })).toBeVisible();
  await page.getByRole("link", { name: "Edit" }).click();
  await expect(page.getByLabel("Their e-mail")).toHaveValue(email);
  await sound(page);

  await page.goto("/p/acme/messages");
  await hydrated();
  await sound(page);
});
