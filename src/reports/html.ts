/** The house's safe HTML, under the names that this room knows. */
export { escapeHtml as escape, Html, html } from '../core/index.ts';
