/** What a stated rhythm or retention is about. `backups`: all databases of the document. */
export type Subject =
  | 'postgres'
  | 'sqlite'
  | 'kubernetes'
  | 'volume'
  | 'secrets'
  | 'git'
  | 'certificates'
  | 'dns'
  | 'images'
  | 'backups';

/** The subject of some words; the more particular word wins. */
export function subjectOf(text: string): Subject | undefined {
  const words: readonly (readonly [RegExp, Subject])[] = [
    [/\bsqlite\b/i, 'sqlite'],
    [/\b(kubernetes|k8s|velero|configmaps?|cluster[- ]state|etcd|manifests?)\b/i, 'kubernetes'],
    [/\b(volumes?|ebs|snapshots?|pvcs?|persistent)\b/i, 'volume'],
    [/\bsecrets?\b/i, 'secrets'],
    [/\b(tls|certificates?|certs?)\b/i, 'certificates'],
    [/\b(dns|route ?53|zone file)\b/i, 'dns'],
    [/\b(git|helm|configuration|config|infrastructure as code|iac)\b/i, 'git'],
    [/\b(images?|registry)\b/i, 'images'],
    [/\b(postgres(ql)?|database|db|wal|pitr|point[- ]in[- ]time|mysql)\b/i, 'postgres'],
    [/\bback ?ups?\b/i, 'backups'],
  ];
  return words.find(([word]) => word.test(text))?.[1];
}
