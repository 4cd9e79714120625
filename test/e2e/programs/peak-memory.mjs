// Loaded into a command before its own code: writes its peak of resident memory, in bytes, to $PEAK_MEMORY_FILE at its end.
// Of its own status and not of its resource usage, for that one remembers who forked it.
import { readFileSync, writeFileSync } from 'node:fs';

process.on('exit', () => {
  const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'latin1'));
  writeFileSync(process.env.PEAK_MEMORY_FILE, String(Number(kibibytes) * 1024));
});
