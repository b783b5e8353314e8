// The two-time map: first picture, moving, a range of ages with its g2 and fit, a cut.
import { go, shot, visit } from './page.mjs';

await visit(async (page) => {
  await go(page, '/result/result.h5/map/2');
  const canvas = page.locator('main.result canvas').first();
  await canvas.waitFor();
  await page.waitForTimeout(1500);
  await shot(page, 'map');
  const box = await canvas.boundingBox();
  const at = (x, y) => page.mouse.move(box.x + box.width * x, box.y + box.height * y);
  await at(0.5, 0.45);
  await page.waitForTimeout(300);
  const tip = await page.locator('[class*=tooltip]').first().innerText();
  await page.keyboard.down('Shift');
  await at(0.2, 0.5);
  await page.mouse.down();
  await at(0.3, 0.5);
  await at(0.45, 0.5);
  await page.mouse.up();
  await page.keyboard.up('Shift');
  await page.waitForTimeout(900);
  const side = await page.locator('main.result').innerText();
  await page.getByLabel('diagonal', { exact: true }).last().check();
  await page.mouse.click(box.x + box.width * 0.5, box.y + box.height * 0.45);
  await page.waitForTimeout(900);
  await shot(page, 'map_range');
  const cut = await page.locator('main.result').innerText();
  await page.mouse.move(box.x + box.width * 0.5, box.y + box.height * 0.5);
  for (let i = 0; i < 6; i += 1) {
    await page.mouse.wheel(0, -240);
    await page.waitForTimeout(60);
  }
  await page.waitForTimeout(900);
  await shot(page, 'map_zoomed');
  await page.getByLabel('first age').fill('40');
  await page.getByLabel('last age').fill('120');
  await page.getByLabel('last age').press('Enter');
  await page.getByLabel('lag of the cut').fill('77');
  await page.getByLabel('lag of the cut').press('Enter');
  await page.waitForTimeout(900);
  await shot(page, 'map_typed');
  const typed = await page.locator('main.result').innerText();
  const title = await page.locator('[data-plot=cut]').innerText();
  return { tip, side, cut, typed, title };
});
