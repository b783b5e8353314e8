// V(k) with its corrections switched on and off, and the other figures of such a result.
import { go, shot, texts, visit } from './page.mjs';

await visit(async (page) => {
  await go(page, '/result/fem.h5/corrections');
  const said = async () => {
    await page.waitForTimeout(900);
    return (await page.locator('.picture > svg > desc').first().textContent()) ?? '';
  };
  await page.locator('.picture > svg').waitFor();
  const told = [await said()];
  const boxes = page.locator('main.result input[type=checkbox]');
  await boxes.nth(0).uncheck();
  told.push(await said());
  await boxes.nth(1).check();
  told.push(await said());
  await shot(page, 'variance');
  const definitions = await texts(page, 'select[aria-label=definition] option');
  await page.getByLabel('definition').selectOption('ring-mean');
  await page.waitForTimeout(600);
  const links = await page.locator('.exports a').evaluateAll((all) => all.map((a) => a.getAttribute('href')));
  return { told, definitions, links };
});
