import { defineConfig, devices } from "@playwright/test";

// Ports of their own: tests may run beside `make run`.
export const port = 3100;
export const mailPort = 1180;
/** Of a server that nobody has set up yet. */
export const freshPort = 3110;
const freshMailPort = 1190;

const serve = (port: number, mailPort: number, demo: string) => ({
  command: `node serve.mjs ${port} ${mailPort} ${demo}`,
  url: `http://127.0.0.1:${port}/readyz`,
  timeout: 180_000,
  gracefulShutdown: { signal: "SIGTERM" as const, timeout: 10_000 },
  stdout: "pipe" as const,
});

export default defineConfig({
  testDir: "tests",
  outputDir: "test-results",
  // One demo is shared by all: tests that change it make their own partners and customers.
  workers: 2,
  // Pages are looked at four times each, also where a machine is slow: a hang is what the limits are for.
  timeout: 180_000,
  expect: { timeout: 20_000 },
  forbidOnly: true,
  // What passes then is told at the end as unsteady, with its reason.
  retries: 1,
  reporter: [["list"], ["json", { outputFile: "../var/test/browser.json" }]],
  use: {
    ...devices["Desktop Chrome"],
    baseURL: `http://127.0.0.1:${port}`,
    viewport: { width: 1440, height: 900 },
    locale: "en-GB",
    timezoneId: "UTC",
    trace: "retain-on-failure",
    // So that a hang names its step.
    actionTimeout: 60_000,
    navigationTimeout: 60_000,
    launchOptions: {
      executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
  webServer: [serve(port, mailPort, "demo"), serve(freshPort, freshMailPort, "")],
  globalTeardown: "./teardown.ts",
});
