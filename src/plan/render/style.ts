import { pageColours } from '../../core/index.ts';

/** The look of a runbook: for a tired person, and for paper. `footer` stands at the foot of each page. */
export const runbookStyle = (footer: string): string => `
${pageColours}
* { box-sizing: border-box; }
html { scroll-padding-top: 12px; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 17px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", Arial, sans-serif; }
main { max-width: 1000px; margin: 0 auto; padding: 28px 28px 64px; }
h1 { font-size: 40px; line-height: 1.15; margin: 0 0 6px; overflow-wrap: anywhere; } header p { margin: 0 0 14px; } h1 + p { font-size: 20px; }
h2 { font-size: 30px; line-height: 1.2; margin: 0 0 14px; overflow-wrap: anywhere; } h3 { font-size: 21px; margin: 26px 0 8px; overflow-wrap: anywhere; } h4 { font-size: 22px; line-height: 1.25; margin: 0; overflow-wrap: anywhere; } h5 { font-size: 16px; margin: 12px 0 4px; }
a { color: var(--link); text-underline-offset: 2px; } a:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
:root { --link: #1f5aa8; --mark: #8a4b00; } @media (prefers-color-scheme: dark) { :root { --link: #8fbcff; --mark: #f0b45c; } }
nav { background: var(--sheet); border: 1px solid var(--line); border-radius: 10px; padding: 16px 24px; margin: 22px 0; } nav h2 { font-size: 20px; margin: 0 0 6px; } nav ol { margin: 0; padding-left: 30px; columns: 2; column-gap: 40px; } nav li { margin: 3px 0; break-inside: avoid; }
section { background: var(--sheet); border: 1px solid var(--line); border-radius: 10px; padding: 22px 26px; margin: 0 0 18px; }
p { margin: 0 0 10px; overflow-wrap: anywhere; } ul { margin: 0 0 10px; padding-left: 22px; } li { margin: 4px 0; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: minmax(110px, max-content) 1fr; gap: 4px 20px; margin: 0 0 12px; } dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; min-width: 0; }
.notice { border-left: 6px solid var(--open); background: var(--open-ground); padding: 10px 14px; border-radius: 4px; } .notice.danger { border-color: var(--bad); background: var(--bad-ground); }
.scroll { overflow-x: auto; margin: 0 0 12px; } table { border-collapse: collapse; width: 100%; font-size: 15px; font-variant-numeric: tabular-nums; }
th { text-align: left; color: var(--soft); font-weight: 600; padding: 4px 14px 6px 0; border-bottom: 2px solid var(--line); vertical-align: bottom; } td { padding: 7px 14px 7px 0; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: break-word; max-width: 26em; } th:last-child, td:last-child { padding-right: 0; }
code { font: 0.88em/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
figure { margin: 10px 0; } figcaption { font-size: 14px; color: var(--soft); margin-bottom: 3px; } pre { margin: 0; background: var(--track); border-radius: 6px; padding: 10px 14px; white-space: pre-wrap; overflow-wrap: anywhere; }
.ticks { list-style: none; padding: 0; } .ticks li { display: flex; gap: 12px; align-items: baseline; margin: 7px 0; } .ticks span { min-width: 0; overflow-wrap: anywhere; }
.box { flex: none; display: inline-block; width: 18px; height: 18px; border: 2px solid var(--ink); border-radius: 3px; transform: translateY(3px); }
.steps { list-style: none; margin: 14px 0; padding: 0; } .step { border: 2px solid var(--line); border-radius: 10px; padding: 14px 18px; margin: 0 0 14px; } .steps.inside { margin: 12px 0 0; } .steps.inside .step { border-width: 1px; }
.line { display: flex; gap: 14px; align-items: flex-start; } .line .number { flex: none; font-size: 34px; line-height: 1; font-weight: 800; min-width: 42px; font-variant-numeric: tabular-nums; } .inside .line .number { font-size: 22px; } .line .box { width: 26px; height: 26px; } .what { min-width: 0; flex: 1; }
.beside { margin: 4px 0 0; color: var(--soft); font-size: 14px; } .mark { color: var(--mark); border: 1px solid currentColor; border-radius: 4px; padding: 0 6px; margin-left: 6px; font-weight: 650; white-space: nowrap; } .times { display: none; } .body { margin: 10px 0 0 56px; }
.body dl { font-size: 15px; gap: 2px 16px; } .inside .body { margin-left: 0; }
@media (max-width: 640px) { main { padding: 14px 12px 40px; } section { padding: 16px 14px; } nav ol { columns: 1; } .body { margin-left: 0; } dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: 6px; } h1 { font-size: 30px; } }
@page { size: A4; margin: 15mm 14mm 16mm; @bottom-left { content: "${cssText(footer)}"; font: 8pt "DejaVu Sans", Arial, sans-serif; color: #444; } @bottom-right { content: "Page " counter(page) " of " counter(pages); font: 8pt "DejaVu Sans", Arial, sans-serif; color: #444; } }
@media print { :root { color-scheme: light; --ground: #fff; --sheet: #fff; --ink: #000; --soft: #444; --line: #999; --track: #f0f0f0; --bad: #a01710; --bad-ground: #fff; --open: #6d4700; --open-ground: #fff; --link: #000; --mark: #000; }
  body { font-size: 10.5pt; } main { max-width: none; padding: 0; } section { border: 0; border-radius: 0; padding: 0; margin: 0 0 14pt; } section.own-page { break-before: page; } h1 { font-size: 26pt; } h2 { font-size: 19pt; border-bottom: 2pt solid #000; padding-bottom: 3pt; } h3 { font-size: 13pt; } h4 { font-size: 13pt; } h5 { font-size: 10.5pt; }
  h2, h3, h4, h5, figcaption, .line { break-after: avoid; } .line, figure, tr, .notice, .ticks li, dt, dd, nav li { break-inside: avoid; } .step:not(:has(.inside)) { break-inside: avoid; } thead { display: table-header-group; } p, li { orphans: 3; widows: 3; }
  nav { border: 0; padding: 0; } .scroll { overflow: visible; break-inside: avoid; } table { font-size: 8.8pt; } td, th { padding-right: 8pt; max-width: none; } .step { border: 1pt solid #777; padding: 8pt 10pt; margin-bottom: 8pt; box-decoration-break: clone; -webkit-box-decoration-break: clone; } .line .number { font-size: 22pt; min-width: 30pt; } .body { margin-left: 0; } .body dl { font-size: 9.5pt; } pre { border: 0.5pt solid #aaa; } a { text-decoration: none; }
  .times { display: inline; float: right; } .times i { display: inline-block; width: 46pt; border-bottom: 0.8pt solid #000; margin: 0 6pt 0 2pt; } .notice { border: 1pt solid currentColor; border-left-width: 5pt; } * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
`;

/** Inside a CSS string, inside an HTML element: nothing but letters, digits and what ends neither stays as it is. */
const cssText = (text: string): string =>
  text.replaceAll(/[^A-Za-z0-9 .,:·-]/gu, (letter) => `\\${(letter.codePointAt(0) ?? 0).toString(16)} `);
