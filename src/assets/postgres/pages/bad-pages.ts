import { LifeboatError, ownModule } from '../../../core/index.ts';
import type { Finding, Inspection } from '../../entry.ts';
import { relationOf } from '../layout.ts';
import type { SourceFacts } from '../base/source-facts.ts';
import { pageBytes, type AboutPages, type BadPage } from './page-inspector.ts';

const inspector = ownModule('./page-inspector', import.meta.url).href;

/** Pages of a backup whose checksum did not fit, also after reading them again. */
export class BadPages {
  readonly #source: SourceFacts;
  readonly #pages: { path: string; page: BadPage }[] = [];

  constructor(source: SourceFacts) {
    this.#source = source;
  }

  /** `undefined` for a file without pages, and for a server whose pages tell nothing, or are of another size. */
  inspectionOf(path: string): Inspection | undefined {
    const relation = relationOf(path);
    const { pageChecksums, blockBytes, segmentPages } = this.#source;
    if (relation === undefined || !pageChecksums || blockBytes !== pageBytes) return undefined;
    const about: AboutPages = { firstBlock: relation.segment * segmentPages };
    const report = (findings: readonly Finding[]): void => {
      for (const { seen } of findings) this.#pages.push({ path, page: seen as BadPage });
    };
    return { module: inspector, about, report };
  }

  /**
   * To be called when everything was read. The first change of a page after the start of a backup puts the whole page into the log:
   * what was half written then is written again. Throws `asset.corrupt` for any other.
   */
  mustBeReplayed(from: bigint, to: bigint): void {
    const rotten = this.#pages.filter(({ page }) => page.lsn < from || page.lsn > to);
    const [first] = rotten;
    if (first === undefined) return;
    const others = rotten.length > 1 ? `, and ${rotten.length - 1} more` : '';
    throw new LifeboatError(
      'asset.corrupt',
      `the checksum of page ${first.page.block} in ${first.path} does not match its content${others}`,
      {
        where: first.path,
        hint: 'The disk or the memory of the server changed it. Restore the table from an earlier point, or set zero_damaged_pages to save the rest.',
      },
    );
  }
}
