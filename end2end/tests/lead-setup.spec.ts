import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures";
import { ada, admin, fits, fresh, signIn, sound } from "./people";

const axe = async (page: Page) => expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);

const field = (page: Page, name: string | RegExp) => page.getByRole("list", { name: "Fields" }).getByRole("group", { name });

/** Adds a field of a kind, and types its label. */
async function add(page: Page, kind: string, label: string) {
  await page.getByRole("button", { name: "Add a field" }).click();
  await page.getByRole("menuitem", { name: kind, exact: true }).click();
  const row = field(page, /New field/);
  await expect(row.getByLabel("Label")).toBeFocused();
  await row.getByLabel("Label").fill(label);
  return field(page, new RegExp(label, "i"));
}

test("the team says what partners may do, and reads what its rule for duplicates means", async ({ page, hydrated }) => {
  await signIn(page, admin, "/admin/acme");
  await hydrated();
  const open = page.getByRole("button", { name: "Menu", exact: true });
  if (await open.isVisible()) await open.click();
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Lead settings" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Lead settings" })).toBeVisible();
  await expect(page.getByText(/A lead with the same .* in the last \d+ days/)).toBeVisible();
  await page.getByLabel("Company domain").check();
  await page.getByLabel("Added in the last").fill("60");
  await page.getByLabel("A lead that repeats another").selectOption("flag");
  await expect(page.getByText(/company domain as one that the same partner has added in the last 60 days is taken, and marked for your team\./)).toBeVisible();
  await page.getByLabel("In your words").fill("A team of ten or more that pays for software already.");
  await page.getByRole("button", { name: "Save the settings" }).click();
  await expect(page.getByText("Lead settings saved")).toBeVisible();
  await axe(page);
  await fits(page);
  await page.reload();
  await page.locator("html[data-hydrated]").waitFor();
  await expect(page.getByLabel("Added in the last")).toHaveValue("60");
  // As it was, for the other tests.
  await page.getByLabel("Company domain").uncheck();
  await page.getByLabel("Added in the last").fill("90");
  await page.getByLabel("A lead that repeats another").selectOption("refuse");
  await page.getByRole("button", { name: "Save the settings" }).click();
  await expect(page.getByText("Lead settings saved")).toBeVisible();
});

test.describe("with mistakes in the form", () => {
  test.use({ expectedTrouble: [/\/fn\/admin\/lead-settings/] });

  test("a group is made, and its form edited, ordered, previewed and saved in versions", async ({ page, hydrated }) => {
    const name = fresh("Large companies");
    await signIn(page, admin, "/admin/acme/lead-settings");
    await hydrated();
    await page.getByLabel("Another group").fill(name);
    await page.getByRole("button", { name: "Make the group" }).click();
    await page.waitForURL(/lead-settings\/groups\//);
    await expect(page.getByRole("heading", { level: 1, name })).toBeVisible();

    const size = await add(page, "Number", "Team size");
    await expect(size.getByLabel("Key")).toHaveValue("team_size");
    await size.getByLabel("Must be filled in").check();
    await size.getByLabel("Least").fill("ten");
    const plan = await add(page, "Choice", "Plan");
    await plan.getByLabel("Options").fill("Small");
    await plan.getByLabel("Key").fill("which_plan");
    await plan.getByLabel("Label").fill("Which plan");
    await expect(plan.getByLabel("Key"), "what was typed stays").toHaveValue("which_plan");
    const terms = await add(page, "Consent", "Agreement");
    await page.getByRole("button", { name: "Save the form" }).click();
    await expect(page.getByText("Some fields need another look.")).toBeVisible();
    await expect(size.getByText("Type a number, such as 10.")).toBeVisible();
    await expect(plan.getByText("Give 2 to 200 options, one a line.")).toBeVisible();
    await expect(terms.getByText("Write what is agreed to.")).toBeVisible();
    await expect(plan.getByLabel("Options"), "nothing typed is lost").toHaveValue("Small");
    await size.getByLabel("Least").fill("10");
    await plan.getByLabel("Options").fill("Small\nLarge");
    await terms.getByLabel("Text that is agreed to").fill("They know that we contact them.");
    await expect(size.getByText("Type a number, such as 10.")).toHaveCount(0);

    // By the keyboard.
    const live = page.getByRole("status").filter({ hasText: /is now field/ });
    await page.getByRole("button", { name: "Move up Agreement" }).press("Enter");
    await expect(live).toHaveText("Agreement is now field 2 of 3.");
    await expect(page.getByRole("button", { name: "Move up Agreement" })).toBeFocused();
    await page.getByRole("button", { name: "Move up Agreement" }).press("Enter");
    await expect(page.getByRole("button", { name: "Move down Agreement" }), "it is the first").toBeFocused();
    await page.getByRole("button", { name: "Close Agreement" }).click();
    await page.getByRole("button", { name: "Close Team size" }).click();
    await page.getByRole("button", { name: "Close Which plan" }).click();

    // By dragging: the first one to the end.
    const grip = await field(page, /Agreement/).locator(".grip").boundingBox();
    const last = await field(page, /Which plan/).boundingBox();
    await page.mouse.move(grip!.x + 10, grip!.y + 10);
    await page.mouse.down();
    await page.mouse.move(grip!.x + 10, last!.y + last!.height - 4, { steps: 8 });
    await page.mouse.up();
    await expect(live).toHaveText("Agreement is now field 3 of 3.");

    await page.getByRole("button", { name: "Remove Team size" }).click();
    await expect(field(page, /Team size/)).toHaveCount(0);
    await page.getByRole("button", { name: "Undo" }).click();
    await expect(field(page, /Team size/)).toBeVisible();

    const preview = page.getByRole("region", { name: "Preview" });
    await expect(preview.getByLabel("E-mail")).toBeVisible();
    await expect(preview.getByLabel("Team size")).toBeVisible();
    await axe(page);
    await fits(page);

    await page.getByRole("button", { name: "Save the form" }).click();
    await expect(page.getByText("Saved as version 2")).toBeVisible();
    await expect(preview.getByText("Version 2 is in force")).toBeVisible();
    await expect(page.getByRole("row", { name: /Version 2/ })).toContainText("Team size, Which plan, Agreement");
    await page.getByRole("button", { name: "Save the form" }).click();
    await expect(page.getByText("Nothing has changed: version 2 stays in force.")).toBeVisible();
  });

  test("stages get names, colours, reasons and moves, and one with leads stays", async ({ page, hydrated }) => {
    const name = fresh("Demo booked");
    await signIn(page, admin, "/admin/acme/lead-settings/stages");
    await hydrated();
    await page.getByRole("button", { name: "Add a stage" }).click();
    await page.getByRole("menuitem", { name: "Qualified", exact: true }).click();
    const row = page.getByRole("list", { name: "Stages" }).getByRole("group", { name: /New stage/ });
    await page.getByRole("button", { name: "Save the stages" }).click();
    await expect(row.getByText("Must not be empty.")).toBeVisible();
    await row.getByLabel("Name").fill(name);
    const made = page.getByRole("list", { name: "Stages" }).getByRole("group", { name: new RegExp(name) });
    await made.getByLabel("Colour").selectOption("purple");
    await made.getByLabel("Next step").fill("We show it to them.");
    await made.getByLabel("Needs a reason").check();
    await page.getByRole("button", { name: `Move up ${name}` }).press("Enter");
    await expect(page.getByRole("status").filter({ hasText: "is now stage" })).toBeAttached();
    const move = page.getByRole("table", { name: /From which stage/ }).getByLabel(new RegExp(`(${name} to )?Closed Won`)).last();
    await expect(move).toBeChecked();
    await page.getByRole("button", { name: "Save the stages" }).click();
    await expect(page.getByText("Stages saved").last()).toBeVisible();
    await expect(made.getByText("Kind", { exact: true })).toBeVisible();
    await axe(page);
    await fits(page);
    // Once more: what was new has its id by now.
    await made.getByLabel("Next step").fill("We show it to them next week.");
    await page.getByRole("button", { name: "Save the stages" }).click();
    await expect(page.getByText("Stages saved").last()).toBeVisible();
    await page.getByRole("button", { name: "Remove New", exact: true }).click();
    await page.getByRole("button", { name: "Save the stages" }).click();
    await expect(page.getByText(/Keep at least one stage of the kind New|leads? (is|are) at New/)).toBeVisible();
    await page.getByRole("button", { name: "Undo" }).first().click();
    await page.getByRole("button", { name: `Remove ${name}` }).click();
    const saved = page.waitForResponse((response) => response.url().endsWith("/lead-settings/stages/save"));
    await page.getByRole("button", { name: "Save the stages" }).click();
    expect((await saved).status()).toBe(200);
    await page.reload();
    await expect(page.getByRole("group", { name: new RegExp(name) })).toHaveCount(0);
  });
});

test("who leaves with unsaved changes is asked", async ({ page, hydrated }) => {
  await signIn(page, admin, "/admin/acme/lead-settings");
  await hydrated();
  await page.getByRole("table", { name: "Groups of leads" }).getByRole("link").first().click();
  await page.getByRole("button", { name: "Add a field" }).waitFor();
  await add(page, "Text", "Half a field");
  let asked = "";
  page.once("dialog", (dialog) => {
    asked = dialog.message();
    void dialog.dismiss();
  });
  await page.getByRole("link", { name: "Lead settings" }).first().click();
  expect(asked).toContain("not saved");
  await expect(field(page, /Half a field/)).toBeVisible();
  page.once("dialog", (dialog) => void dialog.accept());
  await page.getByRole("link", { name: "Lead settings" }).first().click();
  await expect(page.getByRole("heading", { level: 1, name: "Lead settings" })).toBeVisible();
});

test("a partner has no such page", async ({ page, hydrated }) => {
  await signIn(page, ada, "/p/acme");
  await hydrated();
  const answer = await page.request.get("/admin/acme/lead-settings");
  expect([403, 404]).toContain(answer.status());
});

test.describe("with mistakes in the type", () => {
  test.use({ expectedTrouble: [/\/fn\/admin\/lead-settings\/types\/save/] });

  test("a group has types of leads, and a partner says which one its lead is", async ({ page, browser, hydrated }) => {
    const [group, type] = [fresh("Finance"), fresh("Mortgages")];
    await signIn(page, admin, "/admin/acme/lead-settings");
    await hydrated();
    await page.getByLabel("Another group").fill(group);
    await page.getByRole("button", { name: "Make the group" }).click();
    await page.waitForURL(/lead-settings\/groups\//);
    await expect(page.getByText("No lead types yet")).toBeVisible();
    await page.getByRole("link", { name: "New lead type" }).click();
    await expect(page.getByRole("heading", { level: 1, name: "New lead type" })).toBeVisible();
    await page.getByLabel("Default cost").fill("25.505");
    await page.getByLabel("Referral scope").fill("0");
    await page.getByRole("button", { name: "Save the type" }).click();
    await expect(page.getByText("USD has 2 decimals.")).toBeVisible();
    await expect(page.getByText("Use 1 to 20.")).toBeVisible();
    await expect(page.getByLabel("Name"), "the first that is wrong").toBeFocused();
    await sound(page);
    await page.getByLabel("Name").fill(type);
    await page.getByLabel("Referral method").selectOption({ label: "Telephone transfer" });
    await page.getByLabel("Default cost").fill("25.50");
    await page.getByLabel("Referral scope").fill("3");
    await page.getByLabel("Who goes first").selectOption({ label: "By weight" });
    await page.getByLabel("Partner self-service").check();
    await page.getByRole("button", { name: "Save the type" }).click();
    await page.waitForURL(/lead-settings\/groups\//);
    const row = page.getByRole("table", { name: "Lead types" }).getByRole("row", { name: new RegExp(type) });
    await expect(row).toContainText("To at most 3 buyers");
    await expect(row).toContainText("$25.50");
    await sound(page);

    const partner = await (await browser.newContext()).newPage();
    await signIn(partner, ada, "/p/acme/leads/submit");
    await partner.locator("html[data-hydrated]").waitFor();
    await partner.getByLabel("Which group is the lead of?").selectOption({ label: group });
    await partner.getByLabel("Type of lead").selectOption({ label: type });
    const email = `${fresh("buyer")}@harbor.example`;
    await partner.getByLabel("Their e-mail").fill(email);
    await partner.getByRole("button", { name: "Submit lead" }).click();
    await partner.getByRole("link", { name: email }).click();
    await expect(partner.getByText(type, { exact: true })).toBeVisible();
    await partner.context().close();

    // Closed, it takes no more; what was of it stays.
    await row.getByRole("link", { name: type }).click();
    await expect(page.getByRole("heading", { level: 1, name: type })).toBeVisible();
    await hydrated();
    await expect(page.getByLabel("Referral method")).toHaveValue("transfer");
    await page.getByLabel("Closed").check();
    await page.getByRole("button", { name: "Save the type" }).click();
    await page.waitForURL(/lead-settings\/groups\//);
    await expect(row).toContainText("Closed");
  });
});
