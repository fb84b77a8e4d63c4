import { pageColours } from '../core/index.ts';

/** The look of every page: calm, dense, dark and light, on paper too. Nothing is loaded from anywhere. */
export const style = `
${pageColours}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 15px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
.mode { color: #fff; padding: 7px 32px; font-weight: 650; letter-spacing: .04em; display: flex; gap: 24px; justify-content: space-between; flex-wrap: wrap; }
.mode.DRILL { background: var(--drill); } .mode.REAL { background: var(--real); }
.mode span + span { font-weight: 450; letter-spacing: 0; }
main { max-width: 1120px; margin: 0 auto; padding: 24px 32px 48px; }
header { display: flex; gap: 28px; align-items: center; margin-bottom: 22px; flex-wrap: wrap; }
.verdict { font-size: 76px; line-height: 1; font-weight: 800; letter-spacing: .01em; padding: 16px 30px; border-radius: 12px; }
.verdict.pass { color: var(--good); background: var(--good-ground); } .verdict.fail { color: var(--bad); background: var(--bad-ground); }
h1 { font-size: 28px; line-height: 1.2; margin: 0 0 4px; overflow-wrap: anywhere; } header p { margin: 0; color: var(--soft); }
header p.why { color: var(--bad); font-weight: 600; margin-top: 6px; max-width: 46em; }
h2 { font-size: 13px; text-transform: uppercase; letter-spacing: .07em; color: var(--soft); margin: 0 0 10px; font-weight: 650; }
section { background: var(--sheet); border: 1px solid var(--line); border-radius: 10px; padding: 16px 20px; margin-bottom: 14px; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(230px, 1fr)); gap: 14px; margin-bottom: 14px; }
.figures section { margin: 0; } .figure { font-size: 38px; font-weight: 700; line-height: 1.15; font-variant-numeric: tabular-nums; }
.figure.pass { color: var(--good); } .figure.fail { color: var(--bad); } .figure.unknown { color: var(--open); }
.note { color: var(--soft); font-size: 13px; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 600; color: var(--soft); font-size: 12.5px; padding: 0 14px 6px 0; white-space: nowrap; border-bottom: 1px solid var(--line); }
td { padding: 6px 14px 6px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
tr:last-child td { border-bottom: 0; } th:last-child, td:last-child { padding-right: 0; } .number { text-align: right; white-space: nowrap; }
.word { font-weight: 650; white-space: nowrap; } .word.pass, .word.done { color: var(--good); } .word.fail, .word.failed { color: var(--bad); }
.word.unknown, .word.needs-human, .word.retry, .word.interrupted { color: var(--open); } .word.skipped, .word.pending, .word.cancelled { color: var(--soft); }
.split { display: flex; height: 22px; border-radius: 5px; overflow: hidden; background: var(--track); margin-bottom: 10px; }
.split i { display: block; } .legend { display: flex; flex-wrap: wrap; gap: 6px 22px; } .legend i { width: 11px; height: 11px; border-radius: 3px; display: inline-block; margin-right: 7px; }
.p0 { background: var(--a); } .p1 { background: var(--b); } .p2 { background: var(--c); } .p3 { background: var(--d); } .p4 { background: var(--e); } .p5 { background: var(--e); opacity: .5; }
.gantt { position: relative; height: 12px; min-width: 190px; background: var(--track); border-radius: 3px; margin-top: 5px; }
.gantt i { position: absolute; top: 0; bottom: 0; border-radius: 3px; background: var(--a); min-width: 3px; } .gantt i.over, .gantt i.failed { background: var(--bad); }
.two { display: grid; grid-template-columns: repeat(auto-fit, minmax(330px, 1fr)); gap: 14px; margin-bottom: 14px; } .two section { margin: 0; }
ul { margin: 0; padding-left: 18px; } li { margin: 2px 0; } dl { display: grid; grid-template-columns: max-content 1fr; gap: 3px 18px; margin: 0; } dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
code { font: 12.5px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; overflow-wrap: anywhere; }
@media (max-width: 640px) { main { padding: 16px 14px 32px; } .mode { padding: 7px 14px; } .verdict { font-size: 56px; padding: 12px 22px; } }
@media print { :root { --ground: #fff; --sheet: #fff; --ink: #000; --soft: #444; --line: #bbb; --track: #e6e6e6; --good: #0b5a2f; --good-ground: #fff; --bad: #a01710; --bad-ground: #fff; --open: #6d4700; }
  body { font-size: 10.5pt; } main { max-width: none; padding: 8pt 0 0; } section { break-inside: avoid; border-radius: 0; } .verdict { border: 3px solid currentColor; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } @page { margin: 14mm; } }
`;
