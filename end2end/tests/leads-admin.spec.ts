import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures";
import { ada, enter, fresh, signIn, sound, visit } from "./people";

/** Leads of Ada's, submitted in another browser, each by its e-mail. */
async function leads(page: Page, words: string[]) {
  const emails = [];
  const partner = await (await page.context().browser()!.newContext()).newPage();
  await signIn(partner, ada, "/p/acme/leads");
  for (const word of words) {
    const email = `${fresh(word)}@harbor.example`;
    await partner.goto("/p/acme/leads/submit");
    await partner.locator("html[data-hydrated]").waitFor();
    await partner.getByLabel("Their e-mail").fill(email);
    await partner.getByRole("button", { name: "Submit lead" }).click();
    await expect(partner.getByText(email).first()).toBeVisible();
    emails.push(email);
  }
  await partner.context().close();
  return emails;
}

const lane = (page: Page, stage: string) => page.getByRole("region", { name: new RegExp(`^${stage}`) });

test("the table finds leads by filters of the address, and moves and gives away many at once", async ({ page }) => {
  const [one, two] = await leads(page, ["table", "table"]);
  await enter(page, "/admin/acme/leads?q=table");
  await expect(page.getByRole("heading", { level: 1, name: "Leads" })).toBeVisible();
  await expect(page.getByRole("row", { name: new RegExp(one) })).toContainText("New");
  await sound(page);

  await page.getByRole("checkbox", { name: `Choose ${one}` }).check();
  await page.getByRole("checkbox", { name: `Choose ${two}` }).check();
  await expect(page.getByText("2 chosen")).toBeVisible();
  await page.getByRole("button", { name: "Actions" }).click();
  await page.getByRole("menuitem", { name: "Assign to" }).click();
  const assign = page.getByRole("dialog", { name: "Assign the chosen leads" });
  await assign.getByLabel("Assign to").selectOption({ index: 1 });
  await assign.getByRole("button", { name: "Assign", exact: true }).click();
  await expect(page.getByText("2 leads changed")).toBeVisible();
  await expect(page.getByRole("row", { name: new RegExp(one) })).toContainText("Olivia Marsh");

  await page.getByRole("checkbox", { name: `Choose ${one}` }).check();
  await page.getByRole("button", { name: "Actions" }).click();
  await page.getByRole("menuitem", { name: "Move to stage" }).click();
  const move = page.getByRole("dialog", { name: "Move the chosen leads" });
  await move.getByLabel("Stage").selectOption({ label: "Qualified" });
  await move.getByRole("button", { name: "Move", exact: true }).click();
  await expect(page.getByRole("row", { name: new RegExp(one) })).toContainText("Qualified");

  await page.getByLabel("Assigned to").selectOption("me");
  await page.getByRole("button", { name: "Show" }).click();
  await page.waitForURL(/assignee=me/);
  await page.getByLabel("Search by e-mail or name").fill("nobody-is-called-so");
  await page.getByRole("button", { name: "Show" }).click();
  await expect(page.getByText("Nothing found")).toBeVisible();
  await page.getByRole("link", { name: "Clear the filters" }).click();
  await expect(page.getByRole("table", { name: "Leads" })).toBeVisible();
});

test("a card is dragged to another column, or moved by the keyboard", async ({ page }) => {
  const [email] = await leads(page, ["board"]);
  await enter(page, `/admin/acme/leads?view=board&q=${email}`);
  await sound(page);
  await lane(page, "New").getByRole("listitem").filter({ hasText: email }).dragTo(lane(page, "Qualified"));
  // The demo pays for qualified leads: a slip of the hand moves no money.
  const asks = page.getByRole("dialog", { name: "Move the lead" });
  await expect(asks).toContainText("Offers pay for qualified leads");
  await asks.getByRole("button", { name: "Move", exact: true }).click();
  await expect(lane(page, "Qualified").getByText(email)).toBeVisible();
  await expect(page.getByText(`${email} is now at Qualified`)).toBeVisible();

  // A reason is asked for; without one nothing moves.
  const menu = page.getByRole("button", { name: `Move ${email}` });
  await menu.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("menuitem").first()).toBeFocused();
  await page.getByRole("menuitem", { name: "Closed Lost" }).press("Enter");
  const dialog = page.getByRole("dialog", { name: "Move the lead" });
  await dialog.getByRole("button", { name: "Move", exact: true }).click();
  await expect(dialog).toBeVisible();
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(menu).toBeVisible();
  await menu.click();
  await page.getByRole("menuitem", { name: "Closed Lost" }).click();
  await expect(dialog.getByLabel("Reason")).toHaveValue("");
  await dialog.getByLabel("Reason").fill("They chose another");
  await dialog.getByRole("button", { name: "Move", exact: true }).click();
  await expect(page.getByText(`${email} is now at Closed Lost`)).toBeVisible();
  await expect(dialog).toBeHidden();
  await expect(lane(page, "Closed Lost").getByText(email)).toBeVisible();

  // A phone shows one column at a time.
  await page.setViewportSize({ width: 390, height: 900 });
  await page.getByLabel("Stage").selectOption({ label: "Closed Lost" });
  await expect(page.getByText(email).first()).toBeVisible();
  await page.getByLabel("Stage").selectOption({ label: "New" });
  await expect(lane(page, "Closed Lost")).toBeHidden();
});

test("a lead's page tells all of it, and the team works there", async ({ page }) => {
  const [email, other] = await leads(page, ["detail", "detail"]);
  await enter(page, `/admin/acme/leads?q=${email}`);
  await page.getByRole("link", { name: email }).click();
  await page.waitForURL(/leads\/[0-9a-f-]{36}$/);
  await expect(page.getByRole("heading", { level: 1, name: email })).toBeVisible();
  await page.locator("html[data-hydrated]").waitFor();
  await sound(page);

  await page.getByRole("button", { name: "Deal value" }).click();
  const deal = page.getByRole("dialog", { name: "Deal value" });
  await deal.getByLabel("Deal value").fill("1200.50");
  await deal.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Deal value set to $1,200.50")).toBeVisible();

  await page.getByLabel("A new note").fill("Met at the fair");
  await page.getByRole("button", { name: "Add the note" }).click();
  await expect(page.getByText("Met at the fair")).toBeVisible();
  await expect(page.getByLabel("A new note")).toHaveValue("");

  const task = fresh("Call");
  await page.getByLabel("A new task").fill(task);
  await page.getByLabel("Due on").fill("2020-01-31");
  await page.getByLabel("Who does it").selectOption({ label: "Olivia Marsh" });
  await page.getByRole("button", { name: "Add the task" }).click();
  await expect(page.getByRole("listitem").filter({ hasText: task })).toContainText("Overdue");
  await page.getByRole("button", { name: `Tick off “${task}”` }).click();
  await expect(page.getByRole("listitem").filter({ hasText: task })).toContainText("Done");
  await page.getByRole("button", { name: `Reopen “${task}”` }).click();
  await expect(page.getByRole("listitem").filter({ hasText: task })).toContainText("Overdue");
  // Deleted by a slip, and back again.
  await page.getByRole("button", { name: `Delete “${task}”` }).click();
  await expect(page.getByRole("listitem").filter({ hasText: task })).toHaveCount(0);
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(page.getByRole("listitem").filter({ hasText: task })).toContainText("Overdue");

  await page.getByRole("button", { name: "Edit" }).click();
  const drawer = page.getByRole("dialog", { name: "Edit the lead" });
  await drawer.getByLabel("Their name").fill("Nora Quay");
  await drawer.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Nora Quay" })).toBeVisible();
  await expect(page.getByText("Changed: Name")).toBeVisible();

  await page.getByRole("button", { name: "Move" }).click();
  await page.getByRole("menuitem", { name: "Unqualified" }).click();
  const dialog = page.getByRole("dialog", { name: "Move the lead" });
  await dialog.getByLabel("Reason").fill("Too small");
  await dialog.getByRole("button", { name: "Move", exact: true }).click();
  await expect(page.getByText("Moved to Unqualified")).toBeVisible();
  await expect(page.getByText("Too small").first()).toBeVisible();

  // What is typed for one lead doesn't stand under the next.
  await page.getByLabel("A new note").fill("Not for the other");
  await page.getByRole("link", { name: "Leads", exact: true }).first().click();
  await page.getByLabel("Search by e-mail or name").fill(other);
  await page.getByRole("button", { name: "Show" }).click();
  await page.getByRole("link", { name: other }).click();
  await expect(page.getByRole("heading", { level: 1, name: other })).toBeVisible();
  await expect(page.getByLabel("A new note")).toHaveValue("");

  await visit(page, "/admin/acme/tasks");
  await expect(page.getByRole("heading", { level: 1, name: "My tasks" })).toBeVisible();
  await sound(page);
});

test("a task stands under My tasks of who does it, and a file at a lead is both sides'", async ({ page }) => {
  const [email] = await leads(page, ["files"]);
  await enter(page, `/admin/acme/leads?q=${email}`);
  await page.getByRole("link", { name: email }).click();
  await page.waitForURL(/leads\/[0-9a-f-]{36}$/);
  await page.locator("html[data-hydrated]").waitFor();
  const task = fresh("Visit");
  await page.getByLabel("A new task").fill(task);
  await page.getByLabel("Who does it").selectOption({ label: "Olivia Marsh" });
  await page.getByRole("button", { name: "Add the task" }).click();
  await expect(page.getByRole("listitem").filter({ hasText: task })).toBeVisible();
  const file = (name: string) => ({ name, mimeType: "application/pdf", buffer: Buffer.from(`%PDF-1.7 ${name}`) });
  await page.getByLabel("Attach a file").setInputFiles(file("offer.pdf"));
  await page.getByRole("button", { name: "Attach", exact: true }).click();
  await expect(page.getByRole("link", { name: "offer.pdf" })).toBeVisible();
  await visit(page, "/admin/acme/tasks");
  const mine = page.getByRole("listitem").filter({ hasText: task });
  await expect(mine.getByRole("link", { name: email })).toBeVisible();
  await sound(page);
  await mine.getByRole("button", { name: `Tick off “${task}”` }).click();
  await expect(mine).toHaveCount(0);

  const partner = await (await page.context().browser()!.newContext()).newPage();
  await signIn(partner, ada, `/p/acme/leads?q=${email}`);
  await partner.getByRole("link", { name: email }).click();
  const [download] = await Promise.all([
    partner.waitForEvent("download"),
    partner.getByRole("link", { name: "offer.pdf" }).click(),
  ]);
  expect(download.suggestedFilename()).toBe("offer.pdf");
  await expect(partner.getByRole("button", { name: "Take offer.pdf away" }), "it is the team's").toHaveCount(0);
  await partner.getByLabel("Attach a file").setInputFiles(file("plan.pdf"));
  await partner.getByRole("button", { name: "Attach", exact: true }).click();
  await expect(partner.getByRole("link", { name: "plan.pdf" })).toBeVisible();
  await sound(partner);

  await page.goBack();
  await page.reload();
  await page.locator("html[data-hydrated]").waitFor();
  await expect(page.getByRole("link", { name: "plan.pdf" })).toBeVisible();
  await page.getByRole("button", { name: "Take plan.pdf away" }).click();
  const asks = page.getByRole("dialog", { name: "Take plan.pdf away?" });
  await asks.getByRole("button", { name: "Take it away" }).click();
  await expect(page.getByRole("link", { name: "plan.pdf" })).toHaveCount(0);
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await partner.context().close();
});
