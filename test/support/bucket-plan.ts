/** One asset, kept in a bucket of the test server; passphrase and secret come from the environment. */
export const bucketPlan = (endpoint: string): string => `
lifeboat: 1
plan: shop
owner: team@shop.example
timezone: UTC
domains: { house: {}, cloud: {}, safe: {} }
keys: { main: { passphrase: { env: LB_TEST_S3_PASS }, domain: safe } }
stores:
  far:
    type: s3
    endpoint: ${endpoint}
    bucket: shop
    prefix: lifeboat/
    accessKeyId: AKIATEST
    secretAccessKey: { env: LB_TEST_S3_SECRET }
    domain: cloud
policies: { daily: { every: 1d, to: [far] } }
assets: { docs: { type: files, path: ./docs, domain: house, policy: daily } }
`;
