/** One look at one page: everything that is wrong with it. */
import { createRequire } from "node:module";

export const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const GRAVE = new Set(["serious", "critical"]);
const PHONE = 768;
const LEAST_TARGET = 24;

/** @returns {Promise<string[]>} the problems of a page, each in one line */
export async function look(context, url, { axe, shot, width, status }) {
  const page = await context.newPage();
  const problems = [];
  page.on("console", (message) => {
    const missing = message.text().startsWith("Failed to load resource") && message.location().url === url;
    if (message.type() === "error" && !(missing && status !== 200)) problems.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => problems.push(`error: ${error.message}`));
  page.on("requestfailed", (request) => problems.push(`request failed: ${request.url()}`));
  await page.addInitScript(() => {
    window.policyViolations = [];
    document.addEventListener("securitypolicyviolation", (event) => {
      window.policyViolations.push(`${event.violatedDirective} ${event.blockedURI}`);
    });
  });
  const response = await page.goto(url, { waitUntil: "load" });
  if (response.status() !== status) problems.push(`status ${response.status()} instead of ${status}`);
  problems.push(...(await page.evaluate(measure, { phone: width < PHONE, least: LEAST_TARGET })));
  problems.push(...(await page.evaluate(() => window.policyViolations.map((one) => `policy: ${one}`))));
  await page.screenshot({ path: shot, fullPage: true });
  await page.evaluate(axe); // through the debugger, which the content policy does not bind
  const results = await page.evaluate((tags) => window.axe.run({ runOnly: tags }), TAGS);
  for (const violation of results.violations.filter((one) => GRAVE.has(one.impact))) {
    const where = violation.nodes.slice(0, 3).map((node) => node.target.join(" "));
    problems.push(`axe ${violation.impact} ${violation.id}: ${where.join(" | ")}`);
  }
  await page.close();
  return problems;
}

/** Runs in the page: sideways scrolling and targets too small for a thumb. */
function measure({ phone, least }) {
  const problems = [];
  const overflow = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  if (overflow > 0) problems.push(`scrolls ${overflow} px sideways`);
  if (!phone) return problems;
  for (const control of document.querySelectorAll("a[href], button, input:not([type=hidden]), select, summary")) {
    const box = control.getBoundingClientRect();
    const inText = control.matches("p a, li a, dd a");
    const seen = control.checkVisibility({ visibilityProperty: true }) && box.width > 0 && box.bottom > 0;
    if (seen && !inText && box.height < least) {
      problems.push(`target ${Math.round(box.height)} px high: ${control.textContent.trim().slice(0, 30) || control.name}`);
    }
  }
  return problems;
}
