import { z } from 'zod';
import { LifeboatError, parseDuration } from '../../core/index.ts';

const text = z.string().min(1);

const source = z.union([
  z.strictObject({ env: text }),
  z.strictObject({ file: text }),
  z.strictObject({ exec: z.tuple([text], text) }),
]);

const duration = z
  .string()
  .meta({ description: 'A duration: 30d' })
  .transform((words, context) => {
    try {
      return parseDuration(words);
    } catch (error) {
      if (!(error instanceof LifeboatError)) throw error;
      context.addIssue({ code: 'custom', message: error.message });
      return z.NEVER;
    }
  });

const lifecycle = z.array(
  z.strictObject({
    after: duration,
    class: text.optional().describe('The storage class that objects move to: glacier'),
    expire: z.boolean().optional(),
    versions: z.boolean().optional().describe('True: the rule is about versions that are not current'),
  }),
);

/** Where a bucket is and how it is reached, whoever writes it. */
export const accessShape = {
  bucket: z.union([text, source]),
  prefix: text.optional().describe('Names of objects begin with it: lifeboat/'),
  endpoint: z.union([text, source]).optional().describe('https://host:port of a server that is not Amazon’s'),
  region: text.optional(),
  pathStyle: z.boolean().optional().describe('The bucket stands in the path; default: where there is an endpoint'),
  accessKeyId: z.union([text, source]).optional(),
  secretAccessKey: source.optional(),
  sessionToken: source.optional().describe('Of credentials for a time'),
  profile: text
    .optional()
    .describe('Of the shared configuration of AWS; without keys and profile its usual chain is asked'),
  transport: text.optional().describe('How bytes travel: tls'),
};

/** What is wrong with how a bucket is reached, or undefined. */
export function accessWrong(
  settings: Pick<S3Settings, 'accessKeyId' | 'secretAccessKey' | 'sessionToken' | 'profile'>,
): string | undefined {
  if ((settings.accessKeyId === undefined) !== (settings.secretAccessKey === undefined))
    return 'accessKeyId and secretAccessKey come together';
  if (settings.sessionToken !== undefined && settings.accessKeyId === undefined)
    return 'sessionToken needs accessKeyId and secretAccessKey';
  if (settings.accessKeyId !== undefined && settings.profile !== undefined)
    return 'keys and profile: only one of them can be used';
  return undefined;
}

export const s3Schema = z
  .strictObject({
    ...accessShape,
    storageClass: text.optional().describe('Of everything that is put: standard_ia'),
    lockMode: z
      .enum(['compliance', 'governance'])
      .optional()
      .describe('With `lock`: whether nobody can end it (the default), or who has a special right'),
    private: z.boolean().optional().describe('False: public access is not looked at'),
    versioning: z.boolean().optional(),
    encryption: text.optional().describe('How the place itself encrypts: aes-256, aws:kms, aws:kms KEY'),
    lifecycle: lifecycle
      .optional()
      .describe('Rules of the place itself; those for old versions are made by `store init`'),
    account: text.optional(),
  })
  .superRefine((settings, context) => {
    const message = accessWrong(settings);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });

export type S3Settings = z.infer<typeof s3Schema>;
