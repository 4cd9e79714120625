// Owns what the tables of wrong campaign files have in common.
import { describe, expect, test } from 'vitest';
import { parseCampaignFile } from '../../../src/campaign-file/parse.ts';
import { InvalidFileError } from '../../../src/campaign-file/report.ts';

export interface Given {
  readonly vars?: Record<string, string>;
  readonly knownAgents?: readonly string[];
}

/** @returns null where nothing is wrong */
export function errorOf(text: string, given: Given = {}): InvalidFileError | null {
  try {
    parseCampaignFile(text, { path: 'f', vars: {}, knownAgents: ['command'], ...given });
    return null;
  } catch (error) {
    if (error instanceof InvalidFileError) return error;
    throw error;
  }
}

/** Each problem as `LINE:COLUMN: message — hint`. */
export function problemsOf(text: string, given?: Given): string[] {
  const lines = errorOf(text, given)?.message.split('\n') ?? [];
  return lines.map((line) => line.replace(/^f:/, ''));
}

/** A valid campaign around the keys of its one dispatch, which start in line 4 at column 5. */
export const dispatch = (keys: string) => `campaign: c\ndispatches:\n  - name: a\n    ${keys}`;
export const command = (keys: string) => dispatch(`run: [x]\n    ${keys}`);

/** What is wrong, the text, its problems in the order of the file. */
export type Row = [what: string, text: string, problems: string[], given?: Given];

export function testRows(title: string, rows: readonly Row[]): void {
  describe(`wrong ${title}`, () => {
    test.each(rows)('%s', (_what, text, problems, given) => {
      expect(problemsOf(text, given)).toEqual(problems);
    });
  });
}
