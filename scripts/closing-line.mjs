// Adds up vitest's JSON reports into one plain closing line: `N passed, N failed, N skipped`.
import { existsSync, readFileSync } from 'node:fs';

const total = { passed: 0, failed: 0, skipped: 0 };
for (const path of process.argv.slice(2)) {
  // A run of all projects writes one report; check and e2e one after the other write two.
  for (const file of [path, `${path}.e2e`].filter((one) => existsSync(one))) {
    const report = JSON.parse(readFileSync(file, 'utf8'));
    total.passed += report.numPassedTests;
    total.failed += report.numFailedTests;
    total.skipped += report.numPendingTests + report.numTodoTests;
  }
}
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
