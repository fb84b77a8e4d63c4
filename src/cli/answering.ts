import type { ServeOptions } from '../app/index.ts';
import type { ApiOptions } from '../api/index.ts';

/** What `lifeboat serve` answers beside metrics and health: the API, and the pages that are made of it. Loaded only where it is served. */
export const answering =
  (options: ApiOptions): NonNullable<ServeOptions['answer']> =>
  async (host) => {
    const [{ openApi }, { withWeb }] = await Promise.all([import('../api/index.ts'), import('../web/index.ts')]);
    const api = await openApi(host, options);
    return { ...api, handle: withWeb(api.handle) };
  };
