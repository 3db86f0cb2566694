/**
 * Opens every page as a browser does, on a phone and on a desk, in light and dark, and looks for what must not be:
 * console errors, violations of the content policy, sideways scrolling, small targets on a phone and serious axe
 * findings. Keeps a screenshot of each.
 *
 * Usage: node e2e/pages.mjs SITE.json [FOLDER]; without arguments the file that DEMO names.
 * SITE.json: {"base": url, "people": [{"role", "email", "password", "seed"?, "pages"?: [path]}],
 * "pages"?: [{"role"?, "path", "status"?}]}; pages without a role are opened signed out, as are the sign-in, joining,
 * help and missing page, which every site has. Exits 1 when anything was found.
 */
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { AXE, look } from "./look.mjs";
import { openBrowser, signIn } from "./browser.mjs";

const [siteFile = process.env.DEMO, folder = "var/e2e"] = process.argv.slice(2);
if (!siteFile) {
  console.error("usage: node e2e/pages.mjs SITE.json [FOLDER], or DEMO=SITE.json");
  process.exit(2);
}
const site = JSON.parse(await readFile(siteFile, "utf8"));
const axe = await readFile(AXE, "utf8");
const pages = [
  { path: "/accounts/login/" },
  { path: "/accounts/login/code/" },
  { path: "/join/" },
  { path: "/help/" },
  { path: "/no-such-page/", status: 404 },
  ...site.people.flatMap(({ role, pages = [] }) => pages.map((path) => ({ role, path }))),
  ...(site.pages ?? []),
];
const views = [390, 1280].flatMap((width) => ["light", "dark"].map((theme) => ({ width, theme })));
const roles = [...new Set(pages.map((page) => page.role ?? ""))];

await mkdir(folder, { recursive: true });
const browser = await openBrowser();
const found = [];
let opened = 0;
for (const role of roles) {
  const person = site.people.find((one) => one.role === role);
  const state = person ? await signIn(browser, site.base, person) : undefined;
  for (const { width, theme } of views) {
    const context = await browser.newContext({
      viewport: { width, height: width < 768 ? 844 : 900 },
      colorScheme: theme,
      storageState: state,
      bypassCSP: false,
    });
    for (const page of pages.filter((one) => (one.role ?? "") === role)) {
      const name = `${role || "anyone"}${page.path}`.replace(/[^a-z0-9]+/gi, "-").replace(/^-|-$/g, "");
      const shot = join(folder, `${name}-${width}-${theme}.png`);
      const problems = await look(context, site.base + page.path, { axe, shot, width, status: page.status ?? 200 });
      opened += 1;
      found.push(...problems.map((problem) => `${role || "anyone"} ${page.path} ${width} ${theme}: ${problem}`));
    }
    await context.close();
  }
}
await browser.close();
for (const problem of found) console.error(problem);
console.log(`${opened} views of ${pages.length} pages, ${found.length} problems; screenshots in ${folder}`);
process.exit(found.length || !opened ? 1 : 0);
