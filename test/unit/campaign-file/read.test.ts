// Owns the reading of files: what can be read, and what is said of the rest.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readCampaignFile } from '../../../src/campaign-file/parse.ts';
import { DroverError } from '../../../src/core/error.ts';

const directory = mkdtempSync(join(tmpdir(), 'drover-campaign-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  return path;
}

const CAMPAIGN = 'campaign: c\ndispatches: [{ name: a, run: x }]\n';

function read(path: string) {
  return readCampaignFile(path, { vars: {}, knownAgents: ['command'] });
}

function errorOf(path: string): { code: string; message: string; hint: string | undefined } {
  try {
    read(path);
  } catch (error) {
    if (error instanceof DroverError) {
      return { code: error.code, message: error.message.replace(directory, ''), hint: error.hint };
    }
    throw error;
  }
  throw new Error(`${path} could be read`);
}

describe('a campaign file', () => {
  test('is read, and its directory is where its dispatches work', () => {
    const { campaign } = read(file('plain.yaml', CAMPAIGN));
    expect(campaign.dispatches[0]!.spec.cwd).toBe(directory);
  });

  test('may start with a byte order mark, which moves no column', () => {
    expect(read(file('mark.yaml', `\uFEFF${CAMPAIGN}`)).campaign.name).toBe('c');
    expect(errorOf(file('mark-key.yaml', '\uFEFFcampain: c')).message).toContain(
      '/mark-key.yaml:1:1: unknown key "campain"',
    );
  });

  test('may be as large as 4 MiB and no larger', () => {
    const filler = (length: number) => `${CAMPAIGN}#${'x'.repeat(length - CAMPAIGN.length - 1)}`;
    expect(read(file('large.yaml', filler(4 * 1024 * 1024))).campaign.name).toBe('c');
    expect(errorOf(file('larger.yaml', filler(4 * 1024 * 1024 + 1)))).toEqual({
      code: 'CAMPAIGN_UNREADABLE',
      message: 'cannot read "/larger.yaml": it is larger than 4 MiB',
      hint: 'check that it is the right file, or split it',
    });
  });

  test('that is not there, is a directory, or lies in a file, is refused with its path', () => {
    mkdirSync(join(directory, 'sub'));
    const hint = 'check the path and its permissions';
    const code = 'CAMPAIGN_UNREADABLE';
    expect(errorOf(join(directory, 'no.yaml'))).toEqual({
      code,
      message: 'cannot read "/no.yaml": there is no such file',
      hint,
    });
    expect(errorOf(join(directory, 'sub'))).toEqual({
      code,
      message: 'cannot read "/sub": it is a directory',
      hint,
    });
    expect(errorOf(join(file('f', ''), 'no.yaml'))).toEqual({
      code,
      message: 'cannot read "/f/no.yaml": a part of the path is not a directory',
      hint,
    });
  });

  // Root may read everything, so that there is nothing to see.
  test.skipIf(process.getuid?.() === 0)('that may not be read is refused', () => {
    const path = file('secret.yaml', CAMPAIGN);
    chmodSync(path, 0);
    expect(errorOf(path).message).toBe('cannot read "/secret.yaml": it may not be read');
  });

  test('that is not UTF-8 is refused', () => {
    const path = file('latin1.yaml', Buffer.from('campaign: k\xfche', 'latin1'));
    expect(errorOf(path)).toEqual({
      code: 'CAMPAIGN_UNREADABLE',
      message: 'cannot read "/latin1.yaml": it is not UTF-8 text',
      hint: 'save it with the encoding UTF-8',
    });
  });
});
