// A page of the viewer in Debian's chromium: what the tests of all pages share.
// Run with VITRUM_WEB_MODULES (where playwright-core is) as: node TEST ADDRESS FOLDER_OF_SCREENSHOTS
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(join(process.env.VITRUM_WEB_MODULES, 'none.js'));
const { chromium } = require('playwright-core');

export const [address, shots] = process.argv.slice(2);

/** Opens the page, lets `act` look around, and prints what it returns with what the browser complained about. */
export async function visit(act, options = {}) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'],
  });
  const complaints = [];
  try {
    const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(20000);
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') {
        complaints.push(`${message.text()} ${message.location().url}`);
      }
    });
    page.on('request', (request) => {
      if (new URL(request.url()).origin !== new URL(address).origin && !request.url().startsWith('data:') && !request.url().startsWith('blob:')) {
        complaints.push(`asks another host: ${request.url()}`);
      }
    });
    await page.goto(address);
    const seen = await act(page);
    console.log(JSON.stringify({ ...seen, complaints: [...new Set(complaints)] }));
  } finally {
    await browser.close();
  }
}

export const go = (page, hash) => page.evaluate((to) => { window.location.hash = to; }, hash);
export const shot = (page, name) => page.screenshot({ path: join(shots, `${name}.png`) });
export const texts = (page, selector) => page.locator(selector).allInnerTexts();
