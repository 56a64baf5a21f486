import { test as base, expect } from "@playwright/test";

type Fixtures = {
  /** What the test expects to go wrong on its pages: console errors and failed requests that match don't fail it. */
  expectedTrouble: RegExp[];
  /** Waits until the page answers: forms and links work before, but handlers don't. */
  hydrated: () => Promise<void>;
};

/** A test whose pages log no error and lose no request, but for those that it names. */
export const test = base.extend<Fixtures>({
  expectedTrouble: [[], { option: true }],

  page: async ({ page, expectedTrouble }, use) => {
    const trouble: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error") trouble.push(`console: ${message.text()} (${message.location().url})`);
    });
    page.on("pageerror", (error) => trouble.push(`uncaught: ${error.message}`));
    page.on("requestfailed", (request) => {
      // A navigation away ends what is under way.
      const reason = request.failure()?.errorText ?? "";
      if (reason !== "net::ERR_ABORTED") trouble.push(`failed: ${request.url()} ${reason}`);
    });
    page.on("response", (response) => {
      if (response.status() >= 400) trouble.push(`${response.status()}: ${response.url()}`);
    });
    await use(page);
    expect(trouble.filter((line) => !expectedTrouble.some((expected) => expected.test(line)))).toEqual([]);
  },

  hydrated: async ({ page }, use) => {
    await use(() => page.locator("html[data-hydrated]").waitFor({ state: "attached" }));
  },
});

export { expect };
