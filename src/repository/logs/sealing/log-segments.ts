import { limits } from '../../../core/index.ts';
import { headerBytes } from '../../format/seal.ts';
import type { Segment } from '../../format/segment.ts';

/** docs/FORMAT.md, "Logs". What stands before the sealed marks: the header and how long they are. */
export const marksStart = headerBytes + 4;
export const marksSegment: Segment = { what: 'trailer', number: 0, last: false };
export const dataSegment: Segment = { what: 'document', number: 1, last: true };
/** Seal, method byte and hash, beside what does not compress. */
export const logObjectBytesMax = limits.logPieceBytesMax + limits.logMarksBytesMax + 4 * 2 ** 10;
