/** From warm to cold, as the known classes follow each other; one that nobody knows stands between those that can be read and those that freeze. */
const order = [
  'standard',
  'intelligent_tiering',
  'standard_ia',
  'onezone_ia',
  'glacier_ir',
  '',
  'glacier',
  'deep_archive',
];

/** A class of the plan as the store's listing names it. */
export const classWord = (storageClass: string): string => storageClass.toLowerCase().replaceAll('-', '_');

/** Larger is colder. */
export function coldness(storageClass: string | undefined): number {
  const at = order.indexOf(classWord(storageClass ?? 'standard'));
  return at < 0 ? order.indexOf('') : at;
}
