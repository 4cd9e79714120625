// Owns the list of what a supervisor does to the world, port by port, and the places beside each of it at which a test may
// let it die. The compiler keeps it whole: a port, or a method of one, that is not judged here does not compile. Loaded only
// where a test asks for a crash.
import type { World } from './world.ts';

/**
 * `look`: changes nothing outside of this process. `effect`: does, in one step. An array: an effect in several steps; the
 * implementation passes them by name. An object: several effects in one method, told apart by its arguments, and where it has
 * come to its end by its result too; each call is one of them at least.
 */
type Judgement<Method> = 'look' | 'effect' | readonly string[] | Kinds<Method>;

type Kinds<Method> = Method extends (...args: infer Args) => infer Result
  ? Readonly<Record<string, (args: Args, result: Awaited<Result> | null) => boolean>>
  : never;

type MethodsOf<Port> = {
  [Name in keyof Port]: Port[Name] extends (...args: never[]) => unknown ? Name : never;
}[keyof Port];

type PortName = {
  [Name in keyof World]: World[Name] extends string | number | ((...args: never[]) => unknown)
    ? never
    : Name;
}[keyof World];

type Judged = {
  readonly [Port in PortName]: {
    readonly [Name in MethodsOf<World[Port]>]: Judgement<World[Port][Name]>;
  };
};

const JUDGED = {
  clock: { now: 'look', monotonicMs: 'look', origin: 'look', sleep: 'look', giveWay: 'look' },
  chance: { next: 'look', id: 'look' },
  agents: { of: 'look', load: 'look' },
  protection: { look: 'look' },
  ledger: {
    commitPass: {
      claim: ([{ claim }], done) => (done === null ? claim !== null : done.claimed.length > 0),
      running: ([{ changes }]) => changes.some(({ next }) => next.kind === 'running'),
      end: ([{ changes }]) => changes.some(({ attemptEnd }) => attemptEnd !== undefined),
      other: ([{ changes, claim }]) =>
        changes.some((one) => one.next.kind !== 'running' && one.attemptEnd === undefined) ||
        (changes.length === 0 && claim === null),
    },
    noteEvidence: 'effect',
    setDeadline: 'effect',
    followClock: 'effect',
    append: 'effect',
    moveBrake: 'effect',
    announceSupervisor: 'effect',
    concludeSupervisor: 'effect',
    noteFreshSession: 'effect',
    wishStop: 'effect',
    live: 'look',
    due: 'look',
    nextDueAt: 'look',
    brake: 'look',
    supervisor: 'look',
    dispatches: 'look',
    attempts: 'look',
    find: 'look',
    campaign: 'look',
    campaigns: 'look',
    campaignUse: 'look',
    usedByDay: 'look',
    pools: 'look',
    pool: 'look',
    events: 'look',
    lastSeq: 'look',
    count: 'look',
  },
  runDirs: {
    make: 'effect',
    spawn: 'effect',
    seize: 'effect',
    checkGoal: 'effect',
    writeDeadline: 'effect',
    trimOutput: 'effect',
    look: 'look',
    lifeHolders: 'look',
    operations: 'look',
    toolsRefused: 'look',
    evidenceFiles: 'look',
    readLines: 'look',
    watch: 'look',
    unwatch: 'look',
  },
  processes: {
    signal: {
      // Which one its agent takes for a request to go, says its adapter.
      graceful: ([, signal]) => !/^SIG(?:STOP|CONT|KILL)$/.test(signal),
      stop: ([, signal]) => signal === 'SIGSTOP',
      continue: ([, signal]) => signal === 'SIGCONT',
      kill: ([, signal]) => signal === 'SIGKILL',
    },
    bootId: 'look',
    self: 'look',
    scan: 'look',
    scanInTurns: 'look',
    bookmark: 'look',
    ioBytes: 'look',
    rowsOf: 'look',
    sight: 'look',
  },
  cgroups: { kill: 'effect', freeze: 'effect', remove: 'effect', sweep: 'effect', look: 'look' },
  worktrees: {
    prepare: ['recorded', 'added', 'placed'],
    remove: ['leaving'],
    cwdOf: 'look',
    list: 'look',
  },
} as const satisfies Judged;

type Side = 'before' | 'after';

type PlacesAt<Name extends string, One> = One extends 'look'
  ? never
  : One extends 'effect'
    ? `${Name}.${Side}`
    : One extends readonly (infer Step extends string)[]
      ? `${Name}.${Side | Step}`
      : `${Name}.${keyof One & string}.${Side}`;

/** `ledger.append.before`, `ledger.commitPass.claim.after`, `worktrees.prepare.added` and the like. */
export type CrashPoint = {
  [Port in PortName]: {
    [Name in keyof (typeof JUDGED)[Port]]: PlacesAt<
      `${Port}.${Name & string}`,
      (typeof JUDGED)[Port][Name]
    >;
  }[keyof (typeof JUDGED)[Port]];
}[PortName];

type AnyKinds = Readonly<Record<string, (args: never, result: never) => boolean>>;
type AnyJudgement = 'look' | 'effect' | readonly string[] | AnyKinds;

/** All of them; of the steps of an effect in the order in which they are passed. */
export const CRASH_POINTS = Object.entries(JUDGED).flatMap(([port, methods]) =>
  Object.entries<AnyJudgement>(methods).flatMap(([name, judgement]) =>
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the type says the same of the same table
    placesOf(judgement).map((place) => `${port}.${name}.${place}` as CrashPoint),
  ),
);

function placesOf(judgement: AnyJudgement): readonly string[] {
  if (judgement === 'look') return [];
  if (judgement === 'effect') return ['before', 'after'];
  if (isSteps(judgement)) return ['before', ...judgement, 'after'];
  return Object.keys(judgement).flatMap((kind) => [`${kind}.before`, `${kind}.after`]);
}

function isSteps(judgement: AnyJudgement): judgement is readonly string[] {
  return Array.isArray(judgement);
}

type PassPoint = (name: string) => void;

/**
 * The same world, in which `crashPoint` is called right before each effect, and right after each that has not failed. The steps
 * between are passed by who implements them.
 */
export function withCrashPoints(world: World, crashPoint: PassPoint): World {
  const ports = Object.entries(JUDGED).map(([name, methods]) => {
    return [name, beside(name, Reflect.get(world, name), methods, crashPoint)];
  });
  return { ...world, ...Object.fromEntries(ports) };
}

type AnyMethod = (...args: unknown[]) => unknown;

/** With what the port holds beside its methods. */
function beside(
  portName: string,
  port: object,
  judged: Readonly<Record<string, AnyJudgement>>,
  crashPoint: PassPoint,
): object {
  const methods = Object.entries(judged).map(([name, judgement]) => {
    const method: AnyMethod = Reflect.get(port, name).bind(port);
    if (judgement === 'look') return [name, method];
    const effect = `${portName}.${name}`;
    return [name, surrounded(method, (...call) => passSide(effect, judgement, call, crashPoint))];
  });
  return { ...port, ...Object.fromEntries(methods) };
}

type Call = readonly [side: Side, args: readonly unknown[], result: unknown];

function surrounded(method: AnyMethod, pass: (...call: Call) => void): AnyMethod {
  const ended = (args: readonly unknown[], result: unknown) => {
    pass('after', args, result);
    return result;
  };
  return (...args) => {
    pass('before', args, null);
    const result = method(...args);
    if (!(result instanceof Promise)) return ended(args, result);
    return result.then((value: unknown) => ended(args, value));
  };
}

function passSide(
  effect: string,
  judgement: AnyJudgement,
  [side, args, result]: Call,
  crashPoint: PassPoint,
): void {
  if (typeof judgement === 'string' || isSteps(judgement)) {
    crashPoint(`${effect}.${side}`);
    return;
  }
  for (const [kind, is] of Object.entries(judgement)) {
    if (Reflect.apply(is, null, [args, result]) === true) crashPoint(`${effect}.${kind}.${side}`);
  }
}
