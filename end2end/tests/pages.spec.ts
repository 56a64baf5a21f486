import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures";
import { ada, admin, fits, signIn } from "./people";

const open = ["/sign-in", "/p/acme/sign-in", "/p/acme/sign-up", "/forgot-password", "/p/acme/forgot-password", "/shop"];
const partner = [
  "/p/acme",
  "/p/acme?period=7d",
  "/p/acme/commissions",
  "/p/acme/ledger",
  "/p/acme/statements",
  "/p/acme/links",
  "/p/acme/promo-codes",
  "/p/acme/assets",
  "/p/acme/assets?kind=email",
  "/p/acme/payouts",
  "/p/acme/welcome",
  "/p/acme/summary",
  "/p/acme/programs",
  "/p/acme/structure",
  "/p/acme/leads",
  "/p/acme/leads/submit",
  "/p/acme/messages",
  "/p/acme/messages/new",
  "/p/acme/leads/share",
  "/p/acme/submitted-sales",
  "/p/acme/submitted-sales/submit",
  "/p/acme/details",
  "/p/acme/details?period=12m&unit=month",
  "/p/acme/commission-report",
  "/p/acme/sales",
  "/p/acme/profile",
  "/p/acme/terms",
  "/account",
];
const team = [
  "/admin/acme/portal",
  "/admin/acme/portal/terms",
  "/admin/acme/mails",
  "/admin/acme/mails/partner_activated",
  "/admin/acme/outbox",
  "/admin/new-program",
  "/admin/acme",
  "/admin/acme/partners",
  "/admin/acme/partners/new",
  "/admin/acme/partners/import",
  "/admin/acme/review",
  "/admin/acme/partners/ada",
  "/admin/acme/partners/ada/ledger",
  "/admin/acme/partners/ada/statements",
  "/admin/acme/finance",
  "/admin/acme/customers",
  "/admin/acme/sales",
  "/admin/acme/messages",
  "/admin/acme/messages/new?partner=ada",
  "/admin/acme/saved-replies",
  "/admin/acme/submitted-sales",
  "/admin/acme/submitted-sales?status=any",
  "/admin/acme/commissions",
  "/admin/acme/reports",
  "/admin/acme/reports/ledgers",
  "/admin/acme/reports/ledgers?period=last_month&sort=-closing",
  "/admin/acme/reports/ledgers?from=2026-02-02&to=2026-02-01",
  "/admin/acme/reports/top-partners",
  "/admin/acme/reports/inactive",
  "/admin/acme/reports/cohorts",
  "/admin/acme/payments",
  "/admin/acme/offers",
  "/admin/acme/offers/new",
  "/admin/acme/groups",
  "/admin/acme/groups/new",
  "/admin/acme/leads",
  "/admin/acme/leads?view=board",
  "/admin/acme/tasks",
  "/admin/acme/lead-settings",
  "/admin/acme/lead-settings/stages",
  "/admin/acme/promo-codes",
  "/admin/acme/assets",
  "/admin/acme/assets?state=archived",
  "/admin/acme/assets/new?kind=banner",
  "/admin/acme/assets/new?kind=email",
  "/admin/acme/api-keys",
  "/admin/acme/team",
  "/admin/acme/settings",
  "/admin/acme/audit-log",
  "/admin/acme/failed-jobs",
];

async function look(page: Page, address: string, hydrated: () => Promise<void>) {
  await page.emulateMedia({ reducedMotion: "reduce" });
  const response = await page.goto(address);
  expect(response?.status(), address).toBe(200);
  await hydrated();
  await expect(page.getByRole("heading", { level: 1 })).toHaveCount(1);
  for (const colorScheme of ["light", "dark"] as const) {
    for (const width of [1440, 390]) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.setViewportSize({ width, height: 900 });
      await fits(page);
      if (process.env.SHOTS) {
        const name = address.replace(/[^a-z0-9]+/gi, "_");
        await page.screenshot({ path: `${process.env.SHOTS}/${name}-${width}-${colorScheme}.png`, fullPage: true });
      }
      // Both schemes and both widths are judged once: the colours don't depend on the width.
      if ((width === 1440) === (colorScheme === "light")) {
        const { violations } = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]).analyze();
        expect(violations.map((one) => `${address} ${colorScheme} ${width}: ${one.id} ${one.nodes.map((node) => node.html).slice(0, 3)}`)).toEqual([]);
      }
    }
  }
}

for (const address of open) {
  test(`${address} is for everybody`, async ({ page, hydrated }) => {
    await look(page, address, address === "/shop" ? async () => {} : hydrated);
  });
}

for (const [who, addresses] of [[ada, partner], [admin, team]] as const) {
  for (const address of addresses) {
    test(`${address} is for everybody who signs in`, async ({ page, hydrated }) => {
      await signIn(page, who, address);
      await look(page, address, hydrated);
    });
  }
}

test("a page that isn't there says so", async ({ page }) => {
  const response = await page.goto("/nothing/here");
  expect(response?.status()).toBe(404);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
});
test.use({ expectedTrouble: [/nothing\/here/] });

test("a partner fetches no admin chunk", async ({ page, hydrated }) => {
  await signIn(page, ada, "/p/acme");
  const fetched: string[] = [];
  page.on("response", (response) => {
    if (response.url().endsWith(".bin")) fetched.push(response.url());
  });
  await page.goto("/p/acme");
  await hydrated();
  expect(fetched.length).toBeGreaterThan(0);
  expect(fetched.filter((address) => /admin/i.test(address))).toEqual([]);
});
