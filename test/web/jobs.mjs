// An analysis from the form to its result.
import { go, shot, texts, visit } from './page.mjs';

await visit(async (page) => {
  await page.getByText('analyses', { exact: true }).click();
  await page.locator('select[aria-label=command] option').first().waitFor({ state: 'attached' });
  const commands = await texts(page, 'select[aria-label=command] option');
  await go(page, '/jobs/xpcs/movie.h5');
  const field = (name) => page.locator('.field', { has: page.locator(`span:text-is("${name}")`) });
  const find = page.getByLabel('find a setting');
  await find.fill('partition');
  await field('partition').locator('input').fill('movie_qmap.h5');
  await find.fill('models');
  await field('models').locator('input').fill('kwv');
  await page.getByRole('button', { name: 'run' }).click();
  await page.locator('.job .problem').waitFor();
  const wrong = await texts(page, '.job .problem');
  await field('models').locator('input').fill('kww');
  await find.fill('window');
  await field('window').locator('input').fill('fifty');
  await page.locator('footer .problem').waitFor();
  const refused = await texts(page, 'footer .problem');
  await field('window').locator('input').fill('60');
  await find.fill('');
  await field('output').locator('input').first().fill('from_page.h5');
  await page.locator('footer code').first().getByText('from_page').waitFor();
  const words = await texts(page, 'footer code');
  await shot(page, 'jobs_form');
  await page.getByRole('button', { name: 'run' }).click();
  await page.locator('.job[data-status=done]').first().waitFor();
  await shot(page, 'jobs_done');
  await page.getByText('open from_page.h5').click();
  await page.locator('main.result nav').waitFor();
  await page.waitForTimeout(500);
  await shot(page, 'jobs_result');
  return { commands, wrong, refused, words };
});
