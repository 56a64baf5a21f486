import type { Page } from "@playwright/test";
import { expect } from "./fixtures";

export const password = "tributary-demo";
export const admin = "admin@tributary.test";
export const ada = "ada@tributary.test";

/** Signs in as a person would, and waits for the page that follows. */
export async function signIn(page: Page, who: string, then: string | RegExp) {
  await page.goto(`/sign-in?to=${typeof then === "string" ? encodeURIComponent(then) : ""}`);
  await page.getByLabel("E-mail").fill(who);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL((url) => (typeof then === "string" ? url.pathname + url.search === then : then.test(url.pathname)));
}

/** A code or name that no other test uses. */
export function fresh(word: string) {
  return `${word}-${Date.now().toString(36)}${Math.floor(Math.random() * 1296).toString(36)}`;
}

/** No page is wider than the screen. */
export async function fits(page: Page) {
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(wider, `${page.url()} is ${wider} px too wide`).toBeLessThanOrEqual(0);
}
