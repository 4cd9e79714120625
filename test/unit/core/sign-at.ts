// Owns the shortest sign of work.
import type { Sign, SignKind } from '../../../src/core/sign.ts';

export function signAt(at: number, kind: SignKind = 'output'): Sign {
  return { kind, at, since: at, detail: 'wrote 9 bytes' };
}
