// Frames of a series as a movie.
import { go, shot, texts, visit } from './page.mjs';

await visit(async (page) => {
  await page.getByRole('link', { name: 'movie.h5', exact: true }).click();
  await page.locator('.picture > svg').waitFor();
  const facts = await texts(page, 'aside td');
  const title = () => page.locator('.picture > svg text').filter({ hasText: /frame/u }).first().textContent();
  const first = await title();
  await page.locator('body').press('ArrowRight');
  await page.locator('body').press('Shift+ArrowRight');
  await page.locator('output').getByText('11 of').waitFor();
  await page.waitForFunction(() => document.querySelector('.picture > svg')?.textContent.includes('frame 11'));
  const eleventh = await title();
  await page.getByLabel('partition').fill('movie_qmap.h5');
  await page.getByLabel('partition').press('Enter');
  await page.getByLabel('frames averaged').fill('50');
  await page.waitForFunction(() => document.querySelector('.picture > svg')?.textContent.includes('mean of frames 11 to 60'));
  await page.waitForTimeout(300);
  await shot(page, 'frames_partition');
  await page.getByLabel('frames averaged').fill('1');
  await page.getByRole('button', { name: 'play' }).click();
  const began = Date.now();
  await page.waitForFunction(() => Number(document.querySelector('output').textContent.split(' ')[0]) >= 40);
  const perSecond = (29 * 1000) / (Date.now() - began);
  await page.getByRole('button', { name: 'stop' }).click();
  await page.getByLabel('panel').selectOption({ index: 1 });
  await page.waitForTimeout(1500);
  await shot(page, 'frames_zoom');
  await page.getByLabel('mask').fill('../secret.npy');
  await page.getByLabel('mask').press('Enter');
  const note = page.locator('.figure .note', { hasText: 'secret' });
  await note.waitFor();
  const refused = await note.allInnerTexts();
  // what the mouse shows is the pixel of the file, and the pixel lies where the axes say
  await go(page, '/frames/corner.npy');
  await page.locator('.picture > svg').waitFor();
  await page.getByLabel('panel').selectOption({ index: 1 });
  const canvas = page.locator('.open-panel canvas');
  await canvas.waitFor();
  await page.waitForTimeout(1000);
  const box = await canvas.boundingBox();
  const under = [];
  for (let i = 0; i < 12; i += 1) {
    await page.mouse.move(box.x + box.width * (0.2 + 0.05 * (i % 3)), box.y + box.height * (0.26 + 0.04 * i));
    await page.waitForTimeout(60);
    under.push(await page.locator('.open-panel [data-testid=tooltip], .open-panel [class*=tooltip]').first().innerText());
  }
  await shot(page, 'frames_tooltip');
  await go(page, '/frames/nothing.h5');
  await page.locator('.problem').waitFor();
  const absent = await texts(page, '.problem');
  return { under, facts, first, eleventh, perSecond, refused, absent };
});
