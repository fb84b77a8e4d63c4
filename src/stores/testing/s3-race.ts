import { openTestS3 } from './s3-place.ts';

export const openForRace = (place: string) => openTestS3(place);
