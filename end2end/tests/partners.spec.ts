import { expect, test } from "./fixtures";
import { linkIn, mailTo } from "./mail";
import { ada, admin, fits, fresh, signIn } from "./people";

// Forms are sent with mistakes in them.
test.use({ expectedTrouble: [/422|409/] });

test("a partner chooses how it is paid, and confirms it by mail", async ({ page, hydrated, request }) => {
  await signIn(page, ada, "/p/acme");
  await page.getByRole("link", { name: "Edit profile" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "My profile" })).toBeVisible();
  await hydrated();
  await page.getByLabel("Phone").fill("call me");
  await page.getByRole("button", { name: "Save the profile" }).click();
  await expect(page.getByText("Use digits, such as +49 30 1234567.")).toBeVisible();
  await page.getByLabel("Phone").fill("+49 30 1234567");
  await page.getByRole("button", { name: "Save the profile" }).click();
  await expect(page.getByText("Profile saved")).toBeVisible();

  await page.getByLabel("Select payout method").selectOption("iban");
  await expect(page.getByLabel("E-mail at PayPal")).toBeHidden();
  await page.getByLabel("Account holder or payee").fill("Ada Lind");
  await page.getByLabel("IBAN").fill("DE44 5001 0517 5407 3249 32");
  await page.getByRole("button", { name: "Use this method" }).click();
  await expect(page.getByText("This is no IBAN: check its letters and digits.")).toBeVisible();
  await page.getByLabel("IBAN").fill("DE44 5001 0517 5407 3249 31");
  await page.getByRole("button", { name: "Use this method" }).click();
  await expect(page.getByText(/counts once you open the link/)).toContainText(ada);
  await page.getByRole("button", { name: "Send the mail again" }).click();
  await expect(page.getByText("The mail is sent again")).toBeVisible();

  const mail = await mailTo(request, ada, /Confirm how .* pays you/);
  await page.goto(linkIn(mail, "/confirm-payout-method/"));
  await hydrated();
  await page.getByRole("button", { name: "Confirm" }).click();
  await expect(page.getByText("Bank account (IBAN): DE•••4931")).toBeVisible();
  await expect(page.getByLabel("Select payout method")).toHaveValue("iban");
  await expect(page.getByText(/counts once you open the link/)).toHaveCount(0);
  await page.goto(linkIn(mail, "/confirm-payout-method/"));
  await expect(page.getByRole("heading", { name: "This link has expired" })).toBeVisible();
});

test.describe("without scripts", () => {
  test.use({ javaScriptEnabled: false, expectedTrouble: [/\.js csp$/] });

  test("partners are imported from a file", async ({ page }) => {
    const word = fresh("plain");
    await signIn(page, admin, "/admin/acme/partners/import");
    const buffer = Buffer.from(`name;email\n${word};${word}@partner.example`);
    await page.getByLabel("The file: choose a file").setInputFiles({ name: "partners.csv", mimeType: "text/csv", buffer });
    await page.getByRole("button", { name: "Preview" }).click();
    await expect(page.getByRole("cell", { name: word, exact: true })).toBeVisible();
    await page.getByRole("button", { name: "Import 1 partner" }).click();
    await expect(page.getByText("1 partner imported")).toBeVisible();
    await page.goto(`/admin/acme/partners?q=${word}`);
    await expect(page.getByRole("link", { name: word, exact: true })).toBeVisible();
  });
});

test("partners are imported, tagged, written to, and erased", async ({ page, hydrated, request }) => {
  const word = fresh("bulk");
  const email = `${word}@partner.example`;
  await signIn(page, admin, "/admin/acme/partners/import");
  await hydrated();
  const file = page.getByLabel("The file's text (CSV)");
  await file.fill(`name,email,tags\n${word},nonsense,${word}`);
  await page.getByRole("button", { name: "Preview" }).click();
  await expect(page.getByRole("cell", { name: "This is not an e-mail address." })).toBeVisible();
  await expect(file).toHaveValue(/nonsense/);
  const buffer = Buffer.from(`Name;E-mail Address;Tags\n${word};${email};${word}\n${word} Ltd;;${word}\nOnce more;${ada}`);
  await page.getByLabel("The file: choose a file").setInputFiles({ name: "partners.csv", mimeType: "text/csv", buffer });
  await page.getByRole("button", { name: "Preview" }).click();
  await expect(page.getByRole("table", { name: "What is imported" }).getByRole("cell", { name: word, exact: true }).last()).toBeVisible();
  await expect(page.getByRole("cell", { name: "There is a partner with this e-mail already." })).toBeVisible();
  const refused = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download what can't be imported" }).click();
  expect((await refused).suggestedFilename()).toBe("not-imported.csv");
  await page.getByRole("button", { name: "Import 2 partners" }).click();
  await expect(page.getByText("2 partners imported")).toBeVisible();
  await expect(file).toHaveValue(/Once more,ada@tributary\.test.*already/);
  await page.getByRole("link", { name: "To the newest partners" }).click();
  await page.waitForURL("/admin/acme/partners");
  await hydrated();

  // The invitation leads to a password, and in.
  const invitation = await mailTo(request, email, /Become a partner of/);
  expect(linkIn(invitation, "/accept-invitation/")).toBeTruthy();

  await page.getByRole("combobox", { name: "Tag" }).selectOption(word);
  await page.getByRole("button", { name: "Show" }).click();
  await expect(page.getByRole("row")).toHaveCount(3);
  // The tabs count what the filter finds; each row shows its tags; nothing is offered to be done to nobody.
  const tabs = page.getByRole("navigation", { name: "Partners by standing" });
  await expect(tabs.getByRole("link")).toHaveText([/^All\s*2$/, /^Active\s*2$/]);
  await expect(page.getByRole("cell", { name: word, exact: true })).toHaveCount(2);
  await expect(page.getByRole("button", { name: "Actions" })).toBeDisabled();
  await page.getByRole("checkbox", { name: "Choose all on this page" }).check();
  await expect(page.getByRole("checkbox", { name: `Choose ${word} Ltd` })).toBeChecked();
  await expect(page.getByRole("checkbox", { name: `Choose ${word}`, exact: true })).toBeChecked();
  await expect(page.getByText("2 chosen")).toBeVisible();
  const choose = async (act: string) => {
    await page.getByRole("button", { name: "Actions" }).click();
    await page.getByRole("menuitem", { name: act }).click();
  };
  const again = async () => {
    // The list was read again.
    await expect(page.getByText("Choose partners, then what to do")).toBeVisible();
    await page.getByRole("checkbox", { name: "Choose all on this page" }).check();
    await expect(page.getByText("2 chosen")).toBeVisible();
  };
  // Nothing is done before it was asked for, and nothing that fits nobody.
  await choose("Approve");
  const approve = page.getByRole("dialog", { name: "Approve the chosen partners?" });
  await expect(approve.getByText("2 left out: not waiting for approval.")).toBeVisible();
  await expect(approve.getByRole("button", { name: "Approve" })).toBeDisabled();
  await approve.getByRole("button", { name: "Cancel" }).click();
  for (const [act, title, told] of [
    ["Pause", "Pause the chosen partners?", "Paused 2 partners."],
    ["Resume", "Resume the chosen partners?", "Resumed 2 partners."],
  ]) {
    await choose(act);
    const ask = page.getByRole("dialog", { name: title });
    await expect(ask.getByText(/^2 partners are/)).toBeVisible();
    await ask.getByRole("button", { name: act }).click();
    await expect(page.getByText(told)).toBeVisible();
    await again();
  }
  await choose("Add a tag");
  const tag = page.getByRole("dialog", { name: "Tag the chosen partners" });
  await tag.getByLabel("Tag").fill("one, two");
  await tag.getByRole("button", { name: "Add a tag" }).click();
  await expect(tag.getByText("Type one tag.")).toBeVisible();
  await tag.getByLabel("Tag").fill(word);
  await tag.getByRole("button", { name: "Add a tag" }).click();
  await expect(page.getByText("Nothing changed. 2 left out: they have this tag already, or 20 others.")).toBeVisible();
  await again();
  await choose("Write a mail");
  const dialog = page.getByRole("dialog", { name: "Write to the chosen partners" });
  await expect(dialog.getByText("1 partner gets the mail. 1 left out: without an e-mail address.")).toBeVisible();
  await dialog.getByLabel("Subject").fill("News for {{partner.name}}");
  await expect(dialog.getByRole("region", { name: "Preview of the mail" })).toHaveText(`News for ${word}`);
  await dialog.getByLabel("Text").fill("Your bank account is {{partner.iban}}.");
  await dialog.getByRole("button", { name: "Send the mail" }).click();
  await expect(dialog.getByText("There is no merge field {{partner.iban}} in this mail.")).toBeVisible();
  await expect(dialog.getByText("{{partner.code}}")).toBeVisible();
  await dialog.getByLabel("Text").fill("{{program.name}} has new banners.");
  await dialog.getByRole("button", { name: "Send the mail" }).click();
  await expect(page.getByText("Wrote to 1 partner. 1 left out: without an e-mail address.")).toBeVisible();
  await mailTo(request, email, new RegExp(`News for ${word}`));

  await page.getByRole("link", { name: word, exact: true }).click();
  await page.getByRole("button", { name: "Message" }).click();
  const one = page.getByRole("dialog", { name: `Message to ${word}` });
  await one.getByLabel("Subject").fill("Only for you");
  await one.getByLabel("Text").fill("Your code is {{partner.code}}.");
  await expect(one.getByRole("region", { name: "Preview of the mail" })).toContainText(`Your code is ${word}`);
  await one.getByRole("button", { name: "Send the mail" }).click();
  await expect(page.getByText("Wrote to 1 partner.").last()).toBeVisible();
  await mailTo(request, email, /Only for you/);
  await page.getByLabel("A new note").fill("Asked to be forgotten.");
  await page.getByRole("button", { name: "Add the note" }).click();
  await expect(page.getByText("Asked to be forgotten.")).toBeVisible();
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download as JSON" }).click();
  expect((await download).suggestedFilename()).toMatch(/^acme-.+-personal-data\.json$/);
  await page.getByRole("button", { name: "Erase", exact: true }).click();
  await expect(page.getByText(/is still owed/)).toHaveCount(0);
  await page.getByRole("dialog", { name: "Erase the personal data?" }).getByLabel("Partner code").fill(word);
  await page.getByRole("button", { name: "Erase for good" }).click();
  await page.waitForURL("/admin/acme/partners");
  await page.goto(`/admin/acme/partners?q=${email}`);
  await expect(page.getByText("Nothing found")).toBeVisible();
  // Of who was erased the figures are left, and nothing to do.
  await page.goto("/admin/acme/partners?q=Erased+partner");
  await page.getByRole("link", { name: "Erased partner" }).first().click();
  await expect(page.getByText("It has been erased.")).toBeVisible();
  for (const button of ["Actions", "Message", "Invite", "Copy", "Add the note"]) {
    await expect(page.getByRole("button", { name: button })).toHaveCount(0);
  }
  // Who is still owed something is not erased unawares.
  await page.goto("/admin/acme/partners/ada");
  await hydrated();
  await page.getByRole("button", { name: "Erase", exact: true }).click();
  await expect(page.getByText(/is still owed\. Pay or settle it first/)).toBeVisible();
});

test("a long list is imported, and very many are paused, by a job whose page tells how far it is", async ({ page, hydrated }) => {
  test.slow();
  const word = fresh("long");
  await signIn(page, admin, "/admin/acme/partners/import");
  await hydrated();
  const rows = Array.from({ length: 210 }, (_, n) => `${word} ${n},${word}`).join("\n");
  await page.getByLabel("The file's text (CSV)").fill(`name,tags,email\n${rows}\nOnce more,,${ada}`);
  await page.getByRole("button", { name: "Preview" }).click();
  await page.getByRole("button", { name: "Import 210 partners" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Import: 211 partners" })).toBeVisible();
  await expect(page.getByText("210 partners imported. 1 row left out.")).toBeVisible({ timeout: 60_000 });
  await expect(page.getByRole("row", { name: /Once more/ })).toContainText("There is a partner with this e-mail already.");
  await hydrated();
  await fits(page);
  const refused = page.waitForEvent("download");
  await page.getByRole("link", { name: "Download" }).click();
  expect((await refused).suggestedFilename()).toBe("left-out.csv");
  await page.reload();
  await expect(page.getByText("210 partners imported. 1 row left out.")).toBeVisible();

  await page.goto(`/admin/acme/partners?tag=${word}`);
  await hydrated();
  await expect(page.getByRole("link", { name: "Import: 211 partners" }).first()).toBeVisible();
  await page.getByLabel("All 210 that match").check();
  await page.getByRole("button", { name: "Actions" }).click();
  await page.getByRole("menuitem", { name: "Pause" }).click();
  const ask = page.getByRole("dialog", { name: "Pause the chosen partners?" });
  await expect(ask.getByText("210 partners are paused.")).toBeVisible();
  await ask.getByLabel("Reason").fill("The season is over.");
  await ask.getByRole("button", { name: "Pause" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Pause: 210 partners" })).toBeVisible();
  await expect(page.getByText("Paused 210 partners.")).toBeVisible({ timeout: 60_000 });
  await page.goto(`/admin/acme/partners?tag=${word}&status=paused`);
  await page.getByRole("link", { name: `${word} 209`, exact: true }).click();
  await expect(page.getByText("The season is over.")).toBeVisible();
  await page.goto(`/admin/acme/partners?tag=${word}&status=banned`);
  await expect(page.getByRole("navigation", { name: "Partners by standing" }).getByRole("link")).toHaveText([
    /^All\s*210$/,
    /^Paused\s*210$/,
    /^Banned\s*0$/,
  ]);
});

test("more who match than the list has shown are left alone", async ({ page, context, hydrated }) => {
  const word = fresh("more");
  const add = async (who: typeof page, from: number, to: number) => {
    await who.goto("/admin/acme/partners/import");
    await who.locator("html[data-hydrated]").waitFor();
    const rows = Array.from({ length: to - from }, (_, n) => `${word} ${from + n},${word}`).join("\n");
    await who.getByLabel("The file's text (CSV)").fill(`name,tags\n${rows}`);
    await who.getByRole("button", { name: "Preview" }).click();
    await who.getByRole("button", { name: /^Import \d+ partners?$/ }).click();
    await expect(who.getByText(/partners? imported/)).toBeVisible();
  };
  await signIn(page, admin, "/admin/acme");
  await add(page, 0, 60);
  await page.goto(`/admin/acme/partners?tag=${word}`);
  await hydrated();
  await page.getByLabel("All 60 that match").check();
  const other = await context.newPage();
  await add(other, 60, 61);
  await other.close();
  await page.getByRole("button", { name: "Actions" }).click();
  await page.getByRole("menuitem", { name: "Pause" }).click();
  const ask = page.getByRole("dialog", { name: "Pause the chosen partners?" });
  await expect(ask.getByText(/61 partners match by now/).first()).toBeVisible();
  await expect(ask.getByRole("button", { name: "Pause" })).toBeDisabled();
});

test("who waits is let in or declined after a question", async ({ page, hydrated }) => {
  const word = fresh("waits");
  await signIn(page, admin, "/admin/acme/partners/import");
  await hydrated();
  await page.getByLabel("The file's text (CSV)").fill(`name,tags,status\n${word} one,${word},pending\n${word} two,${word},pending`);
  await page.getByRole("button", { name: "Preview" }).click();
  await page.getByRole("button", { name: "Import 2 partners" }).click();
  await expect(page.getByText("2 partners imported")).toBeVisible();
  await page.goto(`/admin/acme/partners?tag=${word}`);
  await hydrated();
  await page.getByRole("button", { name: `Approve ${word} one` }).click();
  const approve = page.getByRole("dialog", { name: "Approve this partner?" });
  await expect(approve.getByText(`${word} one`)).toBeVisible();
  await approve.getByRole("button", { name: "Cancel" }).click();
  await expect(page.getByRole("row", { name: new RegExp(`${word} one`) })).toContainText("Pending");
  await page.getByRole("button", { name: `Approve ${word} one` }).click();
  await approve.getByRole("button", { name: "Approve" }).click();
  await expect(page.getByText(`Approved ${word} one`)).toBeVisible();
  await expect(page.getByRole("row", { name: new RegExp(`${word} one`) })).toContainText("Active");
  await page.getByRole("button", { name: `Decline ${word} two` }).click();
  const decline = page.getByRole("dialog", { name: "Decline this partner?" });
  await decline.getByLabel("Reason").fill("No site yet.");
  await decline.getByRole("button", { name: "Decline" }).click();
  await expect(page.getByRole("row", { name: new RegExp(`${word} two`) })).toContainText("Declined");
  await page.getByRole("link", { name: `${word} two`, exact: true }).click();
  await expect(page.getByText("No site yet.")).toBeVisible();
});

test("the team sees the portal as a partner, and changes nothing there", async ({ page, hydrated }) => {
  await signIn(page, admin, "/admin/acme/partners/ada");
  await hydrated();
  await expect(page.getByText(/Partner since/)).toBeVisible();
  await expect(page.locator("main .avatar")).toBeVisible();
  const again = page.waitForResponse(/\/fn\/admin\/partners\/one/);
  await page.getByRole("button", { name: "Save the tags" }).click();
  await again;
  await expect(page.getByText("Tags saved")).toBeVisible();
  await page.getByRole("button", { name: "Actions" }).click();
  await page.getByRole("menuitem", { name: "See the portal as this partner" }).click();
  await page.waitForURL("/p/acme");
  await expect(page.getByText("You see the portal as Ada").first()).toBeVisible();
  // What was told of the admin area stays there.
  await expect(page.getByText("Tags saved")).toHaveCount(0, { timeout: 1_000 });
  await page.goto("/p/acme/profile");
  await hydrated();
  await page.getByRole("button", { name: "Save the profile" }).click();
  await expect(page.getByText(/nothing can be changed here/)).toBeVisible();
  await page.getByRole("button", { name: "Back to the admin area" }).click();
  await page.waitForURL("/admin/acme/partners");
});

test("what is suspicious waits in the queue, with its reason", async ({ page, hydrated }) => {
  await signIn(page, admin, "/admin/acme/review");
  await hydrated();
  await expect(page.getByRole("heading", { level: 1, name: "Review" })).toBeVisible();
  await page.getByLabel("Same address for click and sign-up").check();
  await page.getByRole("button", { name: "Save the checks" }).click();
  await expect(page.getByText("Checks saved")).toBeVisible();
  await page.reload();
  await expect(page.getByLabel("Same address for click and sign-up")).toBeChecked();
  await hydrated();
  await page.getByLabel("Same address for click and sign-up").uncheck();
  await page.getByRole("button", { name: "Save the checks" }).click();
  await expect(page.getByText("Checks saved").first()).toBeVisible();
  await fits(page);
});
