/** The system's Chromium and signing in to the site. */
import { createHmac } from "node:crypto";
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

/** @returns {string} what an authenticator app with this seed (base32) shows now (RFC 6238) */
function code(seed) {
  const bits = [...seed].map((one) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(one).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000)));
  const hash = createHmac("sha1", key).update(step).digest();
  const value = hash.readUInt32BE(hash[19] & 15) & 0x7fffffff;
  return String(value % 1000000).padStart(6, "0");
}

/** @returns the cookies of somebody who has signed in through the forms */
export async function signIn(browser, base, person) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${base}/accounts/login/`);
  await page.fill("input[name=login]", person.email);
  await page.fill("input[name=password]", person.password);
  await Promise.all([page.waitForURL((url) => !url.pathname.startsWith("/accounts/login")), page.click("main button[type=submit]")]);
  if (person.seed) {
    await page.fill("input[name=code]", code(person.seed));
    await Promise.all([page.waitForURL((url) => !url.pathname.startsWith("/accounts/")), page.click("main button[type=submit]")]);
  }
  const state = await context.storageState();
  await context.close();
  return state;
}
