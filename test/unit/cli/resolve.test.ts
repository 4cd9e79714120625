// Owns how what a person types becomes rows, against a real ledger in memory.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { followHerd, followProgress } from '../../../src/cli/progress.ts';
import {
  requireCampaign,
  requirePool,
  resolveDispatch,
  resolveDispatches,
  resolveTarget,
} from '../../../src/cli/resolve.ts';
import { isToRetry, resolveTargets } from '../../../src/cli/targets.ts';
import { NO_SPEND_LIMITS } from '../../../src/core/campaign.ts';
import { openLedger } from '../../../src/ledger/open.ts';
import type { Ledger } from '../../../src/ports.ts';
import { CANCELLED, FAILED, NOW, RUNNING, SPEC, SUCCEEDED, dispatch, skipped } from './rows.ts';

let ledger: Ledger;

beforeEach(async () => {
  ledger = await openLedger(':memory:', { create: true });
  await submit('nightly', { 'fix-1': 'aa11', plan: 'ab22', shared: 'cc33' });
  await submit('weekly', { shared: 'dd44', cc: 'ee55', nightly: 'ff66' });
});

afterEach(async () => await ledger.close());

/** Submits dispatches by name, with ids that the test chooses. */
async function submit(campaign: string, ids: Readonly<Record<string, string>>): Promise<void> {
  const remaining = Object.values(ids);
  const dispatches = Object.keys(ids).map((name) => {
    return { name, pool: 'default', priority: 0, after: [], spec: SPEC };
  });
  await ledger.submit({
    campaign: {
      name: campaign,
      onFailure: 'continue',
      limits: NO_SPEND_LIMITS,
      pools: [],
      dispatches,
    },
    file: null,
    parent: null,
    now: NOW,
    newId: () => remaining.shift() ?? '',
  });
}

describe('resolveDispatch', () => {
  test.each([
    ['aa11', 'aa11'],
    ['aa', 'aa11'],
    ['nightly/shared', 'cc33'],
    ['plan', 'ab22'],
    ['ee', 'ee55'],
    ['nightly', 'ff66'],
  ])('%j is the dispatch %s', async (reference, id) => {
    expect((await resolveDispatch(ledger, reference)).id).toBe(id);
  });

  test.each([
    ['a', '"a" fits 2 dispatches: aa11 (nightly/fix-1), ab22 (nightly/plan)'],
    ['shared', '"shared" fits 2 dispatches: cc33 (nightly/shared), dd44 (weekly/shared)'],
    // A prefix of an id of one, and the whole name of another: nobody may guess.
    ['cc', '"cc" fits 2 dispatches: cc33 (nightly/shared), ee55 (weekly/cc)'],
  ])('%j is ambiguous, and the candidates are named', async (reference, message) => {
    await expect(resolveDispatch(ledger, reference)).rejects.toMatchObject({
      code: 'AMBIGUOUS',
      message,
    });
  });

  test.each([
    ['fix-2', 'did you mean "fix-1"?'],
    ['nightly/plam', 'did you mean "nightly/plan"?'],
    ['zzzzzzzz', 'drover ps --all and drover pools show what there is'],
  ])('%j is not found: %s', async (reference, hint) => {
    await expect(resolveDispatch(ledger, reference)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      hint,
    });
  });

  test('several are resolved in their order, each once', async () => {
    const found = await resolveDispatches(ledger, ['plan', 'aa11', 'nightly/plan']);
    expect(found.map(({ id }) => id)).toEqual(['ab22', 'aa11']);
  });
});

describe('campaigns and pools', () => {
  test('the whole name of a campaign wins over a dispatch of that name', async () => {
    expect(await resolveTarget(ledger, 'nightly')).toEqual({ kind: 'campaign', name: 'nightly' });
    expect(await resolveTarget(ledger, 'plan')).toMatchObject({ kind: 'dispatch' });
  });

  test('what is not there is not found, with what it may have been', async () => {
    await expect(requireCampaign(ledger, 'nigthly')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      hint: 'did you mean "nightly"?',
    });
    await expect(requirePool(ledger, 'defaul')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      hint: 'did you mean "default"?',
    });
  });
});

describe('resolveTargets', () => {
  const nobody = { references: [], campaign: null, all: false };

  test.each([
    [{ ...nobody, references: ['plan'] }, ['ab22']],
    [{ ...nobody, campaign: 'nightly' }, ['aa11', 'ab22', 'cc33']],
    [{ ...nobody, all: true }, ['aa11', 'ab22', 'cc33', 'dd44', 'ee55', 'ff66']],
  ])('%o', async (words, ids) => {
    expect((await resolveTargets(ledger, words)).map(({ id }) => id)).toEqual(ids);
  });

  test.each([[nobody], [{ ...nobody, references: ['plan'], all: true }]])(
    '%o is wrong usage',
    async (words) => {
      await expect(resolveTargets(ledger, words)).rejects.toMatchObject({ code: 'USAGE' });
    },
  );

  test.each([
    [FAILED, true],
    [CANCELLED, true],
    [SUCCEEDED, false],
    [skipped('x'), false],
    [RUNNING, false],
  ])('%o is to be retried: %s', (state, expected) => {
    expect(isToRetry(dispatch('x', state))).toBe(expected);
  });
});

describe('progress', () => {
  const stop = async (id: string) =>
    await ledger.wishStop([id], { at: NOW, graceMs: null, cause: 'cancelled', because: 'by hand' });

  test('follows the rows of its campaign, and only their events', async () => {
    const progress = await followProgress(ledger, { campaign: 'nightly' }, await ledger.lastSeq());
    await stop('ab22');
    await stop('dd44');
    const events = await progress.refresh();
    expect(events.map(({ type, dispatch: id }) => [type, id])).toEqual([
      ['dispatch.stop-requested', 'ab22'],
    ]);
    expect(progress.view('ab22')?.dispatch.stopWish).not.toBeNull();
    expect(progress.view('dd44')).toBeNull();
    expect(await progress.refresh()).toEqual([]);
  });

  test('sees what is added to the campaign later, in order', async () => {
    const progress = await followProgress(ledger, { campaign: 'nightly' }, await ledger.lastSeq());
    await submit('nightly', { 'fix-1': '', plan: '', shared: '', late: 'hh77' });
    await progress.refresh();
    expect(progress.views().map(({ dispatch: { name } }) => name)).toEqual([
      'fix-1',
      'plan',
      'shared',
      'late',
    ]);
  });

  test('tells what happened before it began, from the number that it is given', async () => {
    const progress = await followProgress(ledger, { campaign: 'weekly' }, 0);
    const events = await progress.refresh();
    expect(events.map(({ dispatch: id }) => id)).toEqual(['dd44', 'ee55', 'ff66']);
  });

  test('a whole herd is followed without keeping its rows', async () => {
    const herd = followHerd(ledger, await ledger.lastSeq());
    await stop('aa11');
    expect(await herd.refresh()).toHaveLength(1);
    expect(herd.view('aa11')?.dispatch.name).toBe('fix-1');
    await herd.refresh();
    expect(herd.view('aa11')).toBeNull();
  });
});
