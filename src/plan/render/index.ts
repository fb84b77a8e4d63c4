export { readCarried, type Carried, type RunbookFormat } from './carry.ts';
export { runbookHtml } from './html.ts';
export { runbookMarkdown } from './markdown.ts';
export type { Runbook, RunbookRecord } from './model.ts';
export { carryPdf } from './carry.ts';
export { runbookPdf } from './pdf.ts';
export { changesSince, filesOf, recordOf, type PlanFile } from './record.ts';
export { runbookOf, type RunbookInput } from './runbook.ts';
