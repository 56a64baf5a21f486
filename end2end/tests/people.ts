import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect } from "./fixtures";

export const password = "tributary-demo";
export const admin = "admin@tributary.test";
export const ada = "ada@tributary.test";

/** Signs in as a person would, and waits for the page that follows. */
export async function signIn(page: Page, who: string, then: string) {
  await signInAs(page, who, password, then);
  await page.waitForURL((url) => url.pathname + url.search === then);
}

/** Sends the sign-in form. */
export async function signInAs(page: Page, who: string, password: string, then = "") {
  await page.goto(`/sign-in?to=${encodeURIComponent(then)}`);
  await page.getByLabel("E-mail").fill(who);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** Opens a page where one is signed in, with the password again where it asks for that, and waits until it answers. */
export async function visit(page: Page, address: string) {
  await page.goto(address);
  if (new URL(page.url()).pathname === "/confirm") {
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Confirm" }).click();
    await page.waitForURL((url) => url.pathname === address);
  }
  await page.locator("html[data-hydrated]").waitFor();
}

/** Signs in as the admin, and opens a page. */
export async function enter(page: Page, address: string) {
  await signIn(page, admin, "/admin/acme");
  await visit(page, address);
}

/** From the team's page, asks somebody in. */
export async function invite(page: Page, email: string, name: string, role: string) {
  await page.locator("html[data-hydrated]").waitFor();
  await page.getByRole("button", { name: "Invite a member" }).click();
  const drawer = page.getByRole("dialog", { name: "Invite a member" });
  await drawer.getByLabel("E-mail").fill(email);
  await drawer.getByLabel("Name").fill(name);
  await drawer.getByLabel("Role").selectOption(role);
  await drawer.getByRole("button", { name: "Send the invitation" }).click();
  await expect(page.getByRole("row", { name: new RegExp(email) })).toBeVisible();
}

/** A code or name that no other test uses. */
export function fresh(word: string) {
  return `${word}-${Date.now().toString(36)}${Math.floor(Math.random() * 1296).toString(36)}`;
}

/** No page is wider than the screen, and nothing to press lies off its left edge, where nobody can scroll. */
export async function fits(page: Page) {
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(wider, `${page.url()} is ${wider} px too wide`).toBeLessThanOrEqual(0);
  const lost = await page.evaluate(() =>
    [...document.querySelectorAll("main :is(a, button, input, select, textarea)")]
      .filter((element) => element.checkVisibility() && element.clientWidth > 1 && element.getBoundingClientRect().left < 0)
      .map((element) => element.outerHTML.slice(0, 200)),
  );
  expect(lost).toEqual([]);
}

/** Processes the payments that a page shows prepared, and says yes to its question. */
export async function processPayments(page: Page) {
  await page.getByRole("button", { name: "Process", exact: true }).click();
  await page.getByRole("dialog", { name: /^Pay / }).getByRole("button", { name: "Process" }).click();
}

/** What axe finds on a page, on a phone and on a desk. */
export async function sound(page: Page) {
  for (const width of [390, 1440]) {
    await page.setViewportSize({ width, height: 900 });
    await fits(page);
    const found = await new AxeBuilder({ page }).analyze();
    expect(found.violations.map((violation) => [violation.id, violation.nodes.map((node) => node.html)])).toEqual([]);
  }
}
