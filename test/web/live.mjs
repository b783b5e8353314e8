// A result that vitrum live writes while it is looked at: it appears in the list, its map and g2 grow to the end.
import { go, shot, visit } from './page.mjs';

await visit(async (page) => {
  const row = page.locator('a, tr, li').filter({ hasText: 'live.h5' }).first();
  await row.waitFor();
  await go(page, '/result/live.h5/map/1');
  const ends = [];
  const until = Date.now() + 40000;
  while (Date.now() < until && ends.at(-1) !== 299.5) {
    const text = await page.locator('main').innerText();
    const end = Number(/g₂ of ages \S+ – (\S+) s/u.exec(text)?.[1] ?? NaN);
    if (!Number.isNaN(end) && ends.at(-1) !== end) {
      ends.push(end);
    }
    await page.waitForTimeout(100);
  }
  await page.waitForTimeout(1500);
  await shot(page, 'live');
  return { ends, canvases: await page.locator('main.result canvas').count() };
});
