import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { syncDisk } from '../folder.ts';
import { run, type RunOptions, type Stopwatch } from '../measure.ts';
import type { BucketTool } from '../tool.ts';
import { program } from './lifeboat.ts';

const passphrase = 'correct horse battery staple';

export const lifeboatOnS3: BucketTool = {
  name: 'lifeboat',
  prepare: async (folder, source, bucket, signal) => {
    const { endpoint, name, accessKeyId, secretAccessKey } = bucket;
    const far = { type: 's3', endpoint, bucket: name, accessKeyId, secretAccessKey: { env: 'BUCKET_SECRET' } };
    const plan = {
      lifeboat: 1,
      plan: 'bench',
      keys: { main: { passphrase: { env: 'LIFEBOAT_PASSPHRASE' }, domain: 'safe' } },
      stores: { far: { ...far, domain: 'safe' } },
      assets: { data: { type: 'files', path: source } },
    };
    await mkdir(folder, { recursive: true });
    // JSON is YAML.
    await writeFile(join(folder, 'lifeboat.yaml'), JSON.stringify(plan, undefined, 2));
    const options: RunOptions = {
      cwd: folder,
      env: { LIFEBOAT_PASSPHRASE: passphrase, BUCKET_SECRET: secretAccessKey },
    };
    await run([program, 'store', 'init'], signal, options);
    const call = async (stopwatch: Stopwatch, ...words: string[]): Promise<void> =>
      void (await stopwatch.run([program, ...words, '--json'], options));
    return {
      backup: (stopwatch) => call(stopwatch, 'backup', 'data'),
      verify: (stopwatch) => call(stopwatch, 'verify', '--all'),
      restore: async (stopwatch, target) => {
        await call(stopwatch, 'restore', 'data', '--to', join(target, 'copy'));
        return join(target, 'copy');
      },
    };
  },
};

export const resticOnS3: BucketTool = {
  name: 'restic',
  program: 'restic',
  prepare: async (folder, source, bucket, signal) => {
    const options: RunOptions = {
      cwd: dirname(source),
      env: {
        RESTIC_REPOSITORY: `s3:${bucket.endpoint}/${bucket.name}/restic`,
        RESTIC_PASSWORD: passphrase,
        RESTIC_CACHE_DIR: join(folder, 'cache'),
        AWS_ACCESS_KEY_ID: bucket.accessKeyId,
        AWS_SECRET_ACCESS_KEY: bucket.secretAccessKey,
      },
    };
    // Version 2 is the one that compresses.
    await run(['restic', 'init', '--repository-version', '2', '--quiet'], signal, options);
    const call = async (stopwatch: Stopwatch, ...words: string[]): Promise<void> =>
      void (await stopwatch.run(['restic', '--quiet', ...words], options));
    return {
      backup: (stopwatch) => call(stopwatch, 'backup', basename(source)),
      verify: (stopwatch) => call(stopwatch, 'check', '--read-data'),
      restore: async (stopwatch, target) => {
        await call(stopwatch, 'restore', 'latest', '--target', target);
        await stopwatch.run(syncDisk(target));
        return join(target, basename(source));
      },
    };
  },
};
