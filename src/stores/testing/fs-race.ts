import { openFsStore } from '../fs/index.ts';

export const openForRace = (place: string) => openFsStore(place, true);
