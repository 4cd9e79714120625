// Owns the answer to a program's hook. Apart from the command, which takes as long to load as all the rest: a program waits
// for it at each of its tools.
import { knownHooks } from '../agents/hook-registry.ts';
import { isHelperMark } from '../core/identity.ts';
import type { Context } from './context.ts';

/**
 * @returns what is to be printed. Whatever goes wrong is not the program's fault: it is told nothing then, and goes on
 */
export async function answerHook(
  agent: string,
  { attempt, markText, stateDir }: Pick<Context, 'attempt' | 'markText' | 'stateDir'>,
): Promise<string> {
  const hooks = knownHooks.get(agent);
  // What runs inside of done_when is ours (I5).
  const isOurs = markText !== null && isHelperMark(markText);
  if (hooks === undefined || attempt === null || isOurs) return '';
  const { followHook } = await import('../compose/hook.ts');
  const { dispatch, runDir } = attempt;
  const told = await followHook({ agent, hooks, dispatch, runDir, stateDir });
  return told === '' ? '' : `${told}\n`;
}
