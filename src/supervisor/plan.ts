// Owns what an attempt of an agent program is started with: a fresh session, or on in the one before it.
import type { LiveDispatch } from '../core/dispatch.ts';
import type { Agent, AttemptKey, Place, SpawnOrder } from '../ports.ts';
import { cwdOf } from './workspace.ts';
import type { World } from './world.ts';

/** `refusal`: it can never be started like this, and the sentence says why. */
export type Planned = Pick<SpawnOrder, 'plan' | 'refusal'>;

const AS_IT_SAYS: Planned = { plan: null, refusal: null };

/**
 * Plans a start. Where its session is gone the attempt begins a fresh one, which is noted in the ledger before the start:
 * a crash in between costs nothing, for the attempt is then withdrawn.
 */
export async function planStart(world: World, live: LiveDispatch): Promise<Planned> {
  const { spec } = live.dispatch;
  if (spec.task === null) return AS_IT_SAYS;
  const unusable = await world.agents.load(spec);
  const agent = world.agents.of(spec);
  if (agent === null) {
    return { plan: null, refusal: unusable ?? `there is no adapter for the agent ${spec.agent}` };
  }
  const resumed = await resumable(world, agent, live);
  if (resumed.kind === 'refused') return { plan: null, refusal: resumed.because };
  const { prompt, model, args, continuePrompt } = spec.task;
  const { argv, env } = agent.plan({
    prompt: resumed.session === null ? prompt : continuePrompt,
    model,
    args,
    cwd: cwdOf(world, live.dispatch),
    resume: resumed.session,
    newSessionId: resumed.fresh ?? '',
  });
  return { plan: { argv, env, envNames: agent.envNames }, refusal: null };
}

type Resumed =
  | { readonly kind: 'ready'; readonly session: string | null; readonly fresh: string | null }
  | { readonly kind: 'refused'; readonly because: string };

/** Whether the session that the claim has found is still there. */
async function resumable(world: World, agent: Agent, live: LiveDispatch): Promise<Resumed> {
  const { attempt, dispatch } = live;
  const { sessionId, resumedFrom } = attempt;
  const isRequired = dispatch.spec.task?.resume === 'require';
  if (resumedFrom === null || sessionId === null) {
    // The first attempt has nothing to go on with; a later one should have.
    if (isRequired && attempt.attempt > 1) {
      const because = 'resume: require, and no earlier attempt has a session';
      return { kind: 'refused', because };
    }
    if (sessionId !== null || !agent.session.preset) {
      return { kind: 'ready', session: null, fresh: sessionId };
    }
    return await freshSession(world, agent, live, 'its adapter was not loaded when it was claimed');
  }
  if (agent.session.needsAnswer === true && !(await hasAnswered(world, live, sessionId))) {
    // Nothing was said in it that could be lost, even where it has to be gone on with.
    const unanswered = `its model has not answered in session ${sessionId}`;
    return await freshSession(world, agent, live, unanswered);
  }
  const because = await missingSession(world, agent, live, sessionId);
  if (because === null) return { kind: 'ready', session: sessionId, fresh: null };
  if (isRequired) return { kind: 'refused', because: `resume: require, but ${because}` };
  return await freshSession(world, agent, live, because);
}

async function hasAnswered(
  { ledger }: World,
  { dispatch }: LiveDispatch,
  sessionId: string,
): Promise<boolean> {
  const attempts = await ledger.attempts(dispatch.id);
  return attempts.some(
    (one) => one.sessionId === sessionId && (one.stream?.state.answers ?? 0) > 0,
  );
}

async function freshSession(
  world: World,
  agent: Agent,
  { dispatch, attempt }: LiveDispatch,
  because: string,
): Promise<Resumed> {
  const fresh = agent.session.preset ? uuid(world) : null;
  const key: AttemptKey = { dispatch: dispatch.id, fence: attempt.fence };
  await world.ledger.noteFreshSession(key, { sessionId: fresh, because }, world.clock.now());
  return { kind: 'ready', session: null, fresh };
}

/** null: it is there, or it cannot be told: then its program will say. */
async function missingSession(
  world: World,
  agent: Agent,
  { dispatch }: LiveDispatch,
  sessionId: string,
): Promise<string | null> {
  const place = placeOf(world, dispatch);
  const [pattern] = agent.session.files(place, sessionId);
  if (pattern === undefined) return null;
  const files = await world.runDirs.evidenceFiles([pattern], place.cwd);
  if (files.kind === 'unknown') return null;
  const isThere = files.kind === 'seen' && [...files.value.values()].some(({ bytes }) => bytes > 0);
  return isThere ? null : `its session ${sessionId} is gone: there is no file ${pattern}`;
}

/** Files whose growth shows that the program works, beside those that the dispatch names. */
export function sessionFiles(
  world: World,
  { dispatch, attempt }: LiveDispatch,
  sessionId: string | null,
): readonly string[] {
  const agent = world.agents.of(dispatch.spec);
  if (agent === null) return [];
  const place = placeOf(world, dispatch);
  return agent.session.files(place, sessionId ?? attempt.sessionId);
}

function placeOf(world: World, dispatch: LiveDispatch['dispatch']): Place {
  const { env } = dispatch.spec;
  const { agents } = world;
  return { home: homeOf(agents, env), cwd: cwdOf(world, dispatch), env: envOf(agents, env) };
}

type Env = Readonly<Record<string, string>>;

function envOf({ environment }: World['agents'], env: Env) {
  return { ...environment, ...env };
}

function homeOf({ home }: World['agents'], env: Env): string {
  return env['HOME'] ?? home;
}

/** The id of a fresh session, where its program takes one. */
export function newSessionId(world: World, live: LiveDispatch['dispatch']['spec']): string | null {
  return world.agents.of(live)?.session.preset === true ? uuid(world) : null;
}

/** A version 4 UUID (RFC 9562), which is what these programs take. */
function uuid({ chance }: World): string {
  const hex = Array.from({ length: 32 }, (_, index) => {
    const digit = Math.floor(chance.next() * 16);
    if (index === 12) return '4';
    return (index === 16 ? 8 + (digit % 4) : digit).toString(16);
  }).join('');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-');
}
