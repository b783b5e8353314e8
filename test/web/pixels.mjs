// Maps of pixels: what the mouse shows, and the pixels of a range of values.
import { go, shot, texts, visit } from './page.mjs';

await visit(async (page) => {
  await go(page, '/result/ecm_maps.h5/pixels');
  const map = page.locator('.pixel-map canvas');
  await map.waitFor();
  await page.waitForTimeout(1500);
  const box = await map.boundingBox();
  const under = [];
  for (const [x, y] of [[0.35, 0.45], [0.6, 0.4], [0.5, 0.6]]) {
    await page.mouse.move(box.x + box.width * x, box.y + box.height * y);
    await page.waitForTimeout(700);
    under.push({
      title: (await texts(page, 'aside h2'))[0],
      numbers: await texts(page, 'aside .numbers span'),
      tip: await page.locator('.pixel-map [class*=tooltip]').first().innerText(),
      curve: await page.locator('aside .picture > svg').count(),
    });
  }
  // a mouse that rests asks for nothing
  let asked = 0;
  page.on('request', (request) => {
    if (/api\/(pixel|picture)\?/u.test(request.url())) {
      asked += 1;
    }
  });
  await page.waitForTimeout(1500);
  const at_rest = asked;
  const began = await page.evaluate(() => performance.now());
  await page.mouse.move(box.x + box.width * 0.45, box.y + box.height * 0.5);
  await page.waitForFunction((old) => document.querySelector('aside h2').textContent !== old, under[2].title);
  const answer_ms = (await page.evaluate(() => performance.now())) - began;
  await shot(page, 'pixels');
  const before = await texts(page, 'output');
  const bars = await page.locator('.histogram canvas').boundingBox();
  await page.mouse.move(bars.x + bars.width * 0.6, bars.y + bars.height * 0.5);
  await page.mouse.down();
  await page.mouse.move(bars.x + bars.width * 0.7, bars.y + bars.height * 0.5, { steps: 4 });
  await page.mouse.move(bars.x + bars.width * 0.85, bars.y + bars.height * 0.5, { steps: 4 });
  await page.mouse.up();
  await page.waitForFunction((old) => document.querySelector('output').textContent !== old, before[0]);
  await page.waitForTimeout(1200);
  const brushed = await texts(page, 'output');
  await shot(page, 'pixels_range');
  await page.getByLabel('map', { exact: true }).selectOption('kww_exponent');
  await page.waitForTimeout(800);
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.waitForTimeout(500);
  await shot(page, 'pixels_dark');
  return { under, at_rest, before, brushed, answer_ms };
});
