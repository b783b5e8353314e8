// A result that grows while it is looked at.
import { copyFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';

import { go, visit } from './page.mjs';

const folder = process.env.VITRUM_FOLDER;
const replace = (by) => {
  copyFileSync(join(folder, by), join(folder, '.new'));
  renameSync(join(folder, '.new'), join(folder, 'growing.h5'));
};

await visit(async (page) => {
  replace('short.h5');
  await go(page, '/result/growing.h5/map/1');
  const said = () => page.locator('main.result').innerText().then((text) => /g₂ of ages (.*) s/u.exec(text)?.[1]);
  await page.waitForFunction(() => /g₂ of ages/u.test(document.body.innerText));
  await page.waitForTimeout(1500);
  const before = await said();
  replace('result.h5');
  await page.waitForFunction((old) => !document.body.innerText.includes(`g₂ of ages ${old} s`), before);
  await page.waitForTimeout(1500);
  const tiles = await page.locator('main.result canvas').count();
  return { before, after: await said(), tiles };
});
