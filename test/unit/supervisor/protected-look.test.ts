// Owns the tests of a look at a tree with somebody in it whom the owner protects (I9).
import { describe, expect, test } from 'vitest';
import { NOW, row } from '../core/row.ts';
import { type Scene, lookAt, process } from './scene.ts';

describe('I9: whom the owner protects', () => {
  const mark = 'led.d1.1.1.n';
  const broker = process(60, { mark, command: 'broker' });
  const rows = [process(50), broker, process(61, { mark, parent: 60 })];
  const stopping = row({ state: 'stopping' }).live;
  const look = async (protection: NonNullable<Scene['protection']>) => {
    const { evidence } = await lookAt([stopping], {
      table: { kind: 'seen', value: rows },
      protection,
    });
    return evidence[0]!;
  };

  test('is no member, and its children that carry the mark are', async () => {
    const { members, unseenSince } = await look({
      kind: 'seen',
      value: ({ command }) => command === 'broker',
    });
    expect(members).toMatchObject({ kind: 'seen', value: { processes: [{ pid: 61 }] } });
    expect(unseenSince).toBeNull();
  });

  test('and where that cannot be told, nothing is known of the tree', async () => {
    const { members, unseenSince } = await look({ kind: 'unknown', because: 'EIO' });
    expect(members).toEqual({ kind: 'unknown', because: 'cannot tell whom to protect: EIO' });
    expect(unseenSince).toBe(NOW);
  });
});
