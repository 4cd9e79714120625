// Owns the switch of the mutants: which one is active, and which were reached. What is changed is loaded again and again,
// so the switch outlives every module.

/** A mutant: `FILE NUMBER`. */
export type MutantKey = string;

interface Switch {
  /** null: the original runs, and what is reached is noted */
  active: MutantKey | null;
  readonly reached: Set<MutantKey>;
  turnsLeft: number;
}

declare global {
  var mutants: Switch | undefined;
}

globalThis.mutants ??= { active: null, reached: new Set(), turnsLeft: Infinity };
export const state: Switch = globalThis.mutants;

/** Called by what was mutated, for each mutant that code comes by. */
export function mutant(file: string, number: number): boolean {
  const key = `${file} ${number}`;
  if (state.active === null) state.reached.add(key);
  // A loop that never ends comes by something for ever.
  else if ((state.turnsLeft -= 1) < 0) throw new Error('it never ends');
  return key === state.active;
}
