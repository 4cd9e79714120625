// Owns what the owner of a herd says of whom to protect (I9), as data. Who that is at this moment, the host finds out.

export type ProtectRule =
  /** whoever has this pid when the rule is read first, and nobody after it */
  | { readonly kind: 'pid'; readonly pid: number }
  /** absolute path of a file that begins with a pid; read again at each look */
  | { readonly kind: 'pidfile'; readonly path: string }
  /** everybody in the cgroup of this systemd unit; without a suffix it is a service */
  | { readonly kind: 'unit'; readonly name: string }
  /** everybody whose command has this name, as `ps -o comm` shows it */
  | { readonly kind: 'command'; readonly name: string };

/** Linux keeps so much of the name of a command. */
const COMMAND_BYTES_MAX = 15;

/** Is `shown`, a command name of the process table, that of a program called `name`? */
export function isCommandOf(name: string, shown: string): boolean {
  if (shown === name) return true;
  const bytes = new TextEncoder().encode(name);
  if (bytes.length <= COMMAND_BYTES_MAX) return false;
  return shown === new TextDecoder().decode(bytes.subarray(0, COMMAND_BYTES_MAX));
}
