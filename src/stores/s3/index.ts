export { othersS3Bucket } from './others-bucket.ts';
export { s3Store } from './s3-kind.ts';
