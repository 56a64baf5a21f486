import type { APIRequestContext } from "@playwright/test";
import { mailPort } from "../playwright.config";
import { expect } from "./fixtures";

type Mail = { subject: string; text: string; to: { address: string }[]; date: string };

/** The newest mail to an address with such a subject; waits for the job that sends it. */
export async function mailTo(request: APIRequestContext, address: string, subject: RegExp): Promise<Mail> {
  let found: Mail | undefined;
  await expect(async () => {
    const all: Mail[] = await (await request.get(`http://127.0.0.1:${mailPort}/email`)).json();
    found = all.findLast((mail) => mail.to.some((to) => to.address === address) && subject.test(mail.subject));
    expect(found, `mail to ${address}`).toBeTruthy();
  }).toPass({ timeout: 30_000 });
  return found!;
}

/** The path of the first link in a mail that begins so. */
export function linkIn(mail: Mail, path: string): string {
  const link = mail.text.match(/https?:\/\/\S+/g)?.find((link) => new URL(link).pathname.startsWith(path));
  expect(link, mail.text).toBeTruthy();
  return new URL(link!).pathname;
}
