import { expect, test } from "./fixtures";
import { linkIn, mailTo } from "./mail";
import { admin, fits, fresh, signIn } from "./people";

const secret = "a long enough password";

// Forms are sent with mistakes in them.
test.use({ expectedTrouble: [/422|\/fn\/(sign-up|admin)/] });

test("somebody signs up, confirms the e-mail, waits, and is let in", async ({ page, hydrated, request, browser }) => {
  const email = `${fresh("newcomer")}@partner.example`;
  const name = fresh("Newcomer");
  await page.goto("/p/acme/sign-up");
  await hydrated();
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("E-mail").fill(email);
  // The terms and the program's question are asked for beside their fields.
  await page.getByRole("button", { name: "Sign up" }).click();
  await expect(page.getByText("Please accept the terms.")).toBeVisible();
  await expect(page.getByText("Please answer this.")).toBeVisible();
  await page.getByLabel("Where will you recommend us?").selectOption("Videos");
  await page.getByLabel("I accept these terms").check();
  await page.getByRole("button", { name: "Sign up" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Check your e-mail" })).toBeVisible();

  const mail = await mailTo(request, email, /Confirm your e-mail/);
  await page.goto(linkIn(mail, "/confirm-sign-up/"));
  await hydrated();
  await page.getByLabel("Password", { exact: true }).fill("passwordpassword");
  await page.getByRole("button", { name: "Confirm and come in" }).click();
  await expect(page.getByText(/This is easy to guess\./)).toBeVisible();
  await page.getByLabel("Password", { exact: true }).fill(secret);
  await page.getByRole("button", { name: "Confirm and come in" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "You are on the list" })).toBeVisible();
  await expect(page.getByRole("navigation", { name: "Main" })).toHaveCount(0);

  // The team is told, sees the answers, and lets the partner in.
  await mailTo(request, admin, new RegExp(`${name} wants to become a partner`));
  const team = await browser.newPage();
  await signIn(team, admin, "/admin/acme/partners");
  await team.locator("html[data-hydrated]").waitFor();
  await expect(team.getByRole("link", { name: /^Partners\s*\d+ waiting$/ })).toBeVisible();
  await team.getByRole("link", { name }).click();
  await expect(team.getByText("Videos")).toBeVisible();
  await team.getByRole("button", { name: "Approve" }).first().click();
  await team.getByRole("dialog", { name: /^Approve / }).getByRole("button", { name: "Approve" }).click();
  await expect(team.getByText(`Approved ${name}`)).toBeVisible();
  await team.close();
  await mailTo(request, email, /You are a partner of/);
  await page.goto("/p/acme");
  await expect(page.getByRole("heading", { level: 1, name: "Dashboard" })).toBeVisible();

  // Who is a partner already is told so, and applies to another program with the same account.
  await page.goto("/p/acme/sign-up");
  await expect(page.getByRole("heading", { level: 1, name: /^You are already a partner of/ })).toBeVisible();
  await expect(page.getByRole("link", { name: "Go to the portal" })).toHaveAttribute("href", "/p/acme");
  await page.goto("/p/northwind/sign-up");
  await hydrated();
  await expect(page.getByText(`You are signed in as ${email}`)).toBeVisible();
  await page.getByLabel("Website").fill("example.com");
  await page.getByRole("button", { name: "Sign up" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "You are on the list" })).toBeVisible();
});

test("the sign-up page works without scripts, and on a phone", async ({ browser, baseURL }) => {
  const context = await browser.newContext({ javaScriptEnabled: false, baseURL, viewport: { width: 390, height: 844 } });
  const page = await context.newPage();
  await page.goto("/p/acme/sign-up");
  await fits(page);
  await page.getByLabel("Name").fill("No Script");
  await page.getByLabel("E-mail").fill(`${fresh("noscript")}@partner.example`);
  await page.getByRole("button", { name: "Sign up" }).click();
  await expect(page.getByText("Please accept the terms.")).toBeVisible();
  await page.getByLabel("Name").fill("No Script");
  await page.getByLabel("E-mail").fill(`${fresh("noscript")}@partner.example`);
  await page.getByLabel("Where will you recommend us?").selectOption("Videos");
  await page.getByLabel("I accept these terms").check();
  await page.getByRole("button", { name: "Sign up" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Check your e-mail" })).toBeVisible();
  await context.close();
});

test("the team sets up a sandbox's portal", async ({ page, hydrated }) => {
  const slug = fresh("sandbox");
  await signIn(page, admin, "/admin/acme/settings");
  await hydrated();
  await page.getByLabel("What the copy is called").fill("Acme for tests");
  await page.getByLabel("The copy in addresses").fill(slug);
  await page.getByRole("button", { name: "Make the copy" }).click();
  await page.waitForURL(`**/admin/${slug}`);
  await expect(page.getByText("Sandbox")).toBeVisible();

  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Portal" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Portal" })).toBeVisible();
  await hydrated();
  // The copy asks what acme asks.
  await page.getByRole("button", { name: "Remove question 1" }).click();
  const [first, second] = [1, 2].map((number) => page.getByLabel(`Question ${number}`, { exact: true }));
  for (const [at, words] of ["Where do you write?", "For whom?", "Why?"].entries()) {
    await page.getByRole("button", { name: "Add a question" }).click();
    await page.getByLabel(`Question ${at + 1}`, { exact: true }).fill(words);
  }
  await expect(page.getByLabel("Choices 2")).toHaveCount(0);
  await page.getByLabel("Answer 2").selectOption("One of several choices");
  await page.getByLabel("Choices 2").fill("Readers\nListeners");
  await page.getByRole("button", { name: "Move up question 2" }).click();
  await expect(first).toHaveValue("For whom?");
  await expect(second).toHaveValue("Where do you write?");
  await expect(page.getByLabel("Choices 1")).toHaveValue("Readers\nListeners");
  await expect(page.getByRole("button", { name: "Move up question 1" })).toBeDisabled();
  await page.getByRole("button", { name: "Remove question 2" }).click();
  await expect(second).toHaveValue("Why?");

  // What is typed in one section outlives the saving of another; who leaves before it is saved is asked.
  await page.getByRole("textbox", { name: /^Message/ }).fill("## Hello\n\n**Welcome** <script>alert(1)</script>");
  await page.getByRole("button", { name: "Save the sign-up" }).click();
  await expect(page.getByText("Sign-up saved")).toBeVisible();
  await expect(page.getByRole("textbox", { name: /^Message/ })).toHaveValue(/^## Hello/);
  const asked = page.waitForEvent("dialog");
  const overview = page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Overview" }).click();
  const question = await asked;
  expect(question.message()).toContain("not saved");
  await question.dismiss();
  await overview;
  await expect(page.getByRole("heading", { level: 1, name: "Portal" })).toBeVisible();
  await expect(page.getByRole("region", { name: "Preview of the message" }).getByText("Welcome", { exact: true })).toBeVisible();
  await page.getByLabel("Where partners land").selectOption("On this message");
  await page.getByRole("button", { name: "Save the message" }).click();
  await expect(page.getByText("Message saved")).toBeVisible();

  await page.getByLabel("Links for affiliates").uncheck();
  await page.getByRole("button", { name: "Save the menu" }).click();
  await expect(page.getByText("Menu saved")).toBeVisible();
  await expect(page.getByLabel("Links for affiliates")).not.toBeChecked();

  // A colour that can't be read is refused while it is typed.
  await page.getByLabel("Your own colour").fill("#ffee00");
  await expect(page.getByText(/must be 4\.5/)).toBeVisible();
  await page.getByLabel("Your own colour").fill("#7a1fa2");
  await expect(page.getByText(/must be 4\.5/)).toHaveCount(0);
  await page.getByLabel("Contact e-mail").fill("nobody");
  await page.getByRole("button", { name: "Save the brand" }).click();
  await expect(page.getByText("Type an e-mail address.")).toBeVisible();
  await page.getByLabel("Contact e-mail").fill("partners@acme.example");
  await page.getByRole("button", { name: "Save the brand" }).click();
  await expect(page.getByText("Brand saved")).toBeVisible();

  // A host that leads nowhere is kept, and not given to partners.
  await page.getByRole("navigation", { name: "On this page" }).getByRole("link", { name: "Link domain" }).click();
  await expect(page).toHaveURL(/#the-host$/);
  await page.getByLabel("Your own domain for links").fill("https://go.acme.example");
  await page.getByRole("button", { name: "Save the domain" }).click();
  await expect(page.getByText("Use a host name only")).toBeVisible();
  await page.getByLabel("Your own domain for links").fill("go.acme.example");
  await page.getByRole("button", { name: "Save the domain" }).click();
  await expect(page.getByText("Not in use yet")).toBeVisible({ timeout: 30_000 });
  await expect(page.getByText("Kind of record")).toBeVisible();

  await page.getByLabel("Text for X", { exact: false }).fill("a".repeat(300));
  await expect(page.getByText("Too long for X by 44, with the link.")).toBeVisible();
  await page.getByLabel("Text for X", { exact: false }).fill("Have a look:");
  await page.getByRole("button", { name: "Save the texts" }).click();
  await expect(page.getByText("Texts saved")).toBeVisible();

  await page.getByRole("textbox", { name: "Terms", exact: true }).fill("# Rules\n\nBe **honest**.");
  await expect(page.getByRole("region", { name: "Preview of the terms" }).getByRole("heading", { level: 2, name: "Rules" })).toBeVisible();
  await page.getByLabel("Ask present partners to accept it").uncheck();
  await page.getByRole("button", { name: "Publish this version" }).click();
  await expect(page.getByText("Terms published")).toBeVisible();
  await expect(page.getByText("The next one is version 3.")).toBeVisible();

  await page.getByRole("link", { name: "Versions and who accepted" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Terms" })).toBeVisible();
  await expect(page.getByRole("table", { name: "Versions" }).getByRole("row", { name: /In force/ })).toContainText("Not asked");
  await expect(page.getByText("Nobody has accepted yet")).toBeVisible();
  await page.getByRole("link", { name: /^Not yet/ }).click();
  await expect(page.getByText("Every partner who was asked has accepted")).toBeVisible();
});

test("the team words a mail, and tries it", async ({ page, hydrated, request }) => {
  await signIn(page, admin, "/admin/northwind/mails");
  await page.getByRole("link", { name: "Partner activated" }).click();
  await hydrated();
  await page.getByLabel("Subject").fill("Hi {{partner.name}}");
  await page.getByLabel("Body").fill("{{payment.amount}}");
  await page.getByRole("button", { name: "Save the mail" }).click();
  await expect(page.getByText(/There is no merge field/)).toBeVisible();
  await page.getByLabel("Body").fill("Good to have you in {{program.name}}.");
  const preview = page.getByRole("region", { name: "Preview of the mail" });
  for (const words of ["Hello Ada Lind,", "Good to have you in Northwind Books.", "Open your dashboard"]) {
    await expect(preview).toContainText(words);
  }
  // What is tried need not be saved.
  await page.getByRole("button", { name: "Send me a test" }).click();
  const tried = await mailTo(request, admin, /Test: Hi Ada Lind/);
  expect(tried.text).toContain("Hello Ada Lind,");
  expect(tried.text).toContain("Good to have you in Northwind Books.");
  await page.getByRole("button", { name: "Save the mail" }).click();
  await expect(page.getByText("Mail saved")).toBeVisible();
  await page.getByRole("button", { name: "Reset to the standard text" }).click();
  await expect(page.getByText("Standard", { exact: true })).toBeVisible();
});

test("an e-mail changes once both addresses have confirmed", async ({ page, hydrated, request }) => {
  const [old, next] = [`${fresh("old")}@partner.example`, `${fresh("next")}@partner.example`];
  await page.goto("/p/northwind/sign-up");
  await page.getByLabel("Name").fill("Erin Change");
  await page.getByLabel("E-mail").fill(old);
  await page.getByRole("button", { name: "Sign up" }).click();
  await page.goto(linkIn(await mailTo(request, old, /Confirm your e-mail/), "/confirm-sign-up/"));
  await page.getByLabel("Password", { exact: true }).fill(secret);
  await page.getByRole("button", { name: "Confirm and come in" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "You are on the list" })).toBeVisible();

  await page.goto("/account");
  await hydrated();
  await page.getByLabel("New e-mail").fill(next);
  await page.getByLabel("Your password", { exact: true }).fill(secret);
  await page.getByRole("button", { name: "Change the e-mail" }).click();
  await expect(page.getByText("Two mails are on their way")).toBeVisible();
  for (const address of [next, old]) {
    await page.goto(linkIn(await mailTo(request, address, /Confirm your new e-mail/), "/confirm-email/"));
    await page.getByRole("button", { name: "Confirm" }).click();
    await page.waitForURL(/sign-in\?note=email/);
  }
  await page.goto("/account");
  await expect(page.getByText(next)).toBeVisible();
});
