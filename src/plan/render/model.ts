/**
 * A runbook as every format shows it: sections of blocks, blocks of words. Holds plain text alone; each format escapes it in its
 * own way, so that nothing a plan says can become markup, a link or a command of the format.
 */
export interface Runbook {
  readonly title: string;
  /** Under the title: what it is. */
  readonly subtitle: string;
  /** The title page: whose it is, how old it is, what it was made from. */
  readonly cover: readonly Block[];
  readonly sections: readonly Section[];
  /** Shown at the foot of each page of paper. */
  readonly footer: string;
  readonly record: RunbookRecord;
}

export interface Section {
  /** Unique, of letters, digits, `_` and `-`: what links lead to. */
  readonly id: string;
  readonly title: string;
  /** 1 stands in the table of contents, 2 below one of these. */
  readonly level: 1 | 2;
  /** Begins a page of paper. */
  readonly ownPage: boolean;
  readonly blocks: readonly Block[];
}

export type Block =
  | { readonly kind: 'heading'; readonly text: string }
  | { readonly kind: 'paragraph'; readonly text: Words }
  | { readonly kind: 'notice'; readonly tone: 'danger' | 'note'; readonly text: Words }
  | { readonly kind: 'facts'; readonly rows: readonly Fact[] }
  | { readonly kind: 'table'; readonly head: readonly string[]; readonly rows: readonly (readonly Words[])[] }
  | { readonly kind: 'list'; readonly items: readonly Words[] }
  /** Boxes to tick. */
  | { readonly kind: 'ticks'; readonly items: readonly Words[] }
  | { readonly kind: 'code'; readonly caption: string; readonly text: string }
  | { readonly kind: 'steps'; readonly steps: readonly StepBlock[] };

/** A term, and what is said of it. */
export type Fact = readonly [term: string, said: Words];

export interface StepBlock {
  /** `3`, inside a step that does several at once `3.1`, on a way that is chosen `3.b.1`. */
  readonly number: string;
  /** The identifier that the plan and the runs know. */
  readonly id: string;
  readonly title: string;
  /** Cannot be taken back, or needs a person: seen at a glance. */
  readonly marks: readonly string[];
  readonly blocks: readonly Block[];
  readonly inside: readonly StepBlock[];
}

export type Words = Word | readonly Word[];

export type Word =
  | string
  | { readonly strong: string }
  | { readonly code: string }
  /** Leads to a section of the same runbook. */
  | { readonly to: string; readonly text: string };

/** What a rendered file carries to be compared with the plan later. */
export interface RunbookRecord {
  readonly format: 'lifeboat-runbook/1';
  readonly plan: string;
  /** SHA-256 of the plan's canonical content, as runs and evidence know it. */
  readonly hash: string;
  /** SHA-256 over the files that it was read from: changes with their layout too. */
  readonly files: string;
  /** The day it was rendered, `2026-11-21`. */
  readonly date: string;
  readonly tool: string;
  /** Hash of each part of the plan, the first 16 digits: to say what changed. */
  readonly parts: Readonly<Record<string, string>>;
}

/** The words as one text, without their looks. */
export const plainText = (words: Words): string => wordList(words).map(textOf).join('');

export const wordList = (words: Words): readonly Word[] => (isList(words) ? words : [words]);

const isList = (words: Words): words is readonly Word[] => Array.isArray(words);

function textOf(word: Word): string {
  if (typeof word === 'string') return word;
  if ('strong' in word) return word.strong;
  return 'code' in word ? word.code : word.text;
}
