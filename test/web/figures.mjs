// Every view of a result, and the list it is found in.
import { go, shot, texts, visit } from './page.mjs';

await visit(async (page) => {
  await page.locator('tbody tr').first().waitFor();
  const rows = await texts(page, 'tbody tr');
  await page.waitForTimeout(1500);
  await shot(page, 'list');
  await page.getByLabel('filter').fill('result xpcs');
  await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 1);
  const filtered = await texts(page, 'tbody tr td a');
  await page.getByLabel('filter').fill('');
  await page.locator('h1').click();
  for (let i = 0; i < 30 && !(await page.locator('tr[aria-selected=true]').innerText()).startsWith('result.h5'); i += 1) {
    await page.locator('body').press('ArrowDown');
  }
  await page.locator('body').press('Enter');
  await page.locator('nav a[aria-current=page]').waitFor();
  const views = await texts(page, 'nav li a');
  const names = await page.locator('nav li a').evaluateAll((all) => all.map((a) => a.getAttribute('href').split('/')[3]));
  const drawn = {};
  for (const name of names.filter((one) => !['map', 'pixels', 'corrections', 'numbers', 'origin'].includes(one))) {
    await go(page, `/result/result.h5/${name}/1`);
    await page.waitForFunction(
      (want) => document.querySelector(`nav a[aria-current=page]`)?.getAttribute('href').includes(`/${want}/`)
        && (document.querySelector('.picture[data-busy=false] > svg') ?? document.querySelector('.figure .note')) !== null,
      name,
    );
    await page.waitForTimeout(150);
    drawn[name] = (await texts(page, '.figure .note')).concat(await page.locator('.picture > svg > title').allTextContents());
    await shot(page, `figure_${name}`);
  }
  await go(page, '/result/result.h5/numbers/1');
  await page.locator('.plain tr').first().waitFor();
  await page.getByLabel('filter').fill('fit tau_s');
  const numbers = await texts(page, '.plain tr');
  await shot(page, 'numbers');
  await go(page, '/result/result.h5/origin/1');
  await page.locator('pre').waitFor();
  const origin = await texts(page, 'pre');
  await go(page, '/result/result.h5/g2/1');
  await page.locator('.picture > svg').waitFor();
  await page.locator('body').press(']');
  await page.waitForTimeout(400);
  await page.locator('body').press('t');
  await page.waitForTimeout(400);
  await shot(page, 'g2_dark');
  await page.locator('body').press('?');
  await page.getByRole('dialog').waitFor();
  await shot(page, 'help');
  return { rows, filtered, views, drawn, numbers, origin };
});
