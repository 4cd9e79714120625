// Loads libsql, and says whether it was found, how many reports Node had to write for that, and what became of the way to
// ask for one. With `unlikely` the binary for glibc is not installed until a report was asked for: a system with another
// C library.
import Module from 'node:module';

const [, , compiled, library] = process.argv;
const { report } = process;
const { getReport } = report;
let reports = 0;
const counted = () => {
  reports += 1;
  return getReport.call(report);
};
report.getReport = counted;
if (library === 'unlikely') {
  const load = Module._load;
  Module._load = (request, ...rest) => {
    if (reports === 0 && request.startsWith('@libsql/')) throw new Error(`no ${request}`);
    return load(request, ...rest);
  };
}
const { libsql } = await import(`${compiled}/ledger/sqlite-libsql.js`);
const found = libsql() !== null;
console.log(JSON.stringify({ found, reports, kept: report.getReport === counted }));
