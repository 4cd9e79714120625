// Owns how config.yaml says whom to protect: a pid, a pidfile, a systemd unit or the name of a command.
import * as v from 'valibot';
import type { ProtectRule } from '../core/protect-rule.ts';
import { complaint, list, map, PATH, said, wholeNumber, words } from './fields.ts';

const PROTECT_NEEDED = 'a pid, or one of pidfile: PATH, unit: NAME and command: NAME';

const PROTECTED_PID = v.pipe(
  wholeNumber(2, 4_194_304),
  v.transform((pid): ProtectRule => ({ kind: 'pid', pid })),
);

const PROGRAM_NAME = v.pipe(
  words('a name'),
  v.check(
    (input) => !input.includes('/'),
    complaint('{key}: {value} is a path', 'write the name alone, as "ps -o comm" shows it'),
  ),
);

const PROTECTED_BY_NAME = v.pipe(
  map({
    pidfile: said(PATH, 'A file that begins with a pid, relative to this file.'),
    unit: said(words('a name'), 'Everybody in the cgroup of this systemd unit.'),
    command: said(PROGRAM_NAME, 'Everybody whose command has this name.'),
  }),
  v.check(
    (input) => Object.keys(input).length === 1,
    complaint('{key} does not name one thing', `write ${PROTECT_NEEDED}`),
  ),
  v.transform(({ pidfile, unit = '', command }): ProtectRule => {
    if (pidfile !== undefined) return { kind: 'pidfile', path: pidfile };
    return command === undefined
      ? { kind: 'unit', name: unit }
      : { kind: 'command', name: command };
  }),
);

const NEITHER = v.never(complaint('{key}: {value} is not a pid', `write ${PROTECT_NEEDED}`));

/** The kind of value that is there decides what is said of a wrong one. */
const PROTECTED = v.lazy(
  (input): typeof PROTECTED_PID | typeof PROTECTED_BY_NAME | typeof NEITHER => {
    if (typeof input === 'object' && input !== null) return PROTECTED_BY_NAME;
    return typeof input === 'number' ? PROTECTED_PID : NEITHER;
  },
);

export const PROTECT = v.pipe(
  list(PROTECTED, 'a list'),
  v.maxLength(100, complaint('{key} names more than 100', 'name a command or a unit instead')),
);
