/** The system's Chromium and signing in to the site. */
import { access } from "node:fs/promises";
import { chromium } from "playwright-core";

const PLACES = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const QUIET = [
  "--no-sandbox",
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** @returns {Promise<import("playwright-core").Browser>} a browser; says how to get one when there is none */
export async function openBrowser() {
  for (const place of PLACES.filter(Boolean)) {
    try {
      await access(place);
    } catch {
      continue;
    }
    return chromium.launch({ executablePath: place, args: QUIET });
  }
  console.error("No Chromium found. Install it (Debian: apt-get install chromium) or name it in CHROMIUM.");
  return process.exit(2);
}

/** @returns the cookies of somebody who has signed in through the form */
export async function signIn(browser, base, person) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${base}/accounts/login/`);
  await page.fill("input[name=login]", person.email);
  await page.fill("input[name=password]", person.password);
  await Promise.all([page.waitForURL((url) => !url.pathname.startsWith("/accounts/login")), page.click("main button[type=submit]")]);
  const state = await context.storageState();
  await context.close();
  return state;
}
