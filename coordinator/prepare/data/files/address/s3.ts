/**
 * `s3://BUCKET/KEY`: where it lies over HTTP, and the headers that sign the request (AWS Signature Version 4, by
 * aws4fetch). Settings are those of Amazon's own tools, from the environment.
 */
import { UserError } from '../../../../../shared/user-error.js';
import { shownAddress } from './address.js';

/** SHA-256 of nothing: what a request to read carries. */
const NO_BODY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

type Environment = Readonly<Record<string, string | undefined>>;

export const isS3 = ({ protocol }: URL): boolean => protocol === 's3:';

/** Said where a bucket may not be read. */
export const S3_REMEDY =
  'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN), or give a presigned address (aws s3 presign); profiles, SSO and roles of machines are not read';

export interface S3Request {
  url: URL;
  headers: Record<string, string>;
}

/**
 * Signed anew for each attempt: a signature holds for some minutes. Without credentials the request is not signed, as
 * public buckets want it.
 * @param headers that the request has, which are not signed
 * @throws UserError for an address without a key, wrong settings, or where aws4fetch is not installed
 */
export async function s3Request(
  address: URL,
  headers: Readonly<Record<string, string>>,
  env: Environment = process.env,
  load = () => import('aws4fetch'),
): Promise<S3Request> {
  const region = regionOf(env);
  const url = locationOf(address, region, env);
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = env;
  if (!accessKeyId && !secretAccessKey) return { url, headers: { ...headers } };
  if (!accessKeyId || !secretAccessKey)
    throw new UserError(
      `${shownAddress(address.href)}: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must both be set, or neither`,
      2,
    );
  const { AwsV4Signer } = await load().catch(() => {
    throw new UserError(`${shownAddress(address.href)} needs aws4fetch: npm install aws4fetch`, 2);
  });
  const signer = new AwsV4Signer({
    ...{ accessKeyId, secretAccessKey, region, url: url.href, method: 'GET', service: 's3' },
    headers: { 'x-amz-content-sha256': NO_BODY },
    ...(env.AWS_SESSION_TOKEN ? { sessionToken: env.AWS_SESSION_TOKEN } : {}),
  });
  const signed = await signer.sign();
  // The signed one is as it was encoded for signing.
  return { url: signed.url, headers: { ...headers, ...Object.fromEntries(signed.headers) } };
}

const regionOf = (env: Environment): string => env.AWS_REGION || env.AWS_DEFAULT_REGION || 'us-east-1';

/** A host of its own for each bucket, where its name and the server allow that. */
function locationOf(address: URL, region: string, env: Environment): URL {
  const { host: bucket, pathname, username } = address;
  const key = pathname.replace(/^\/+/, '');
  if (bucket === '' || key === '' || username !== '')
    throw new UserError(`${shownAddress(address.href)} must be s3://BUCKET/KEY`, 2);
  const endpoint = env.AWS_ENDPOINT_URL_S3 || env.AWS_ENDPOINT_URL;
  if (endpoint) {
    if (!URL.canParse(endpoint) || !/^https?:/i.test(endpoint))
      throw new UserError(`AWS_ENDPOINT_URL is ${endpoint}, which is no address: give https://HOST`, 2);
    return new URL(`${endpoint.replace(/\/+$/, '')}/${bucket}/${key}`);
  }
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  // Certificates name one label before the service's.
  return bucket.includes('.')
    ? new URL(`https://s3.${region}.${domain}/${bucket}/${key}`)
    : new URL(`https://${bucket}.s3.${region}.${domain}/${key}`);
}

/** Of an answer that says where the bucket is. */
export function otherRegion(answer: Response, env: Environment = process.env): string | undefined {
  const region = answer.headers.get('x-amz-bucket-region');
  return region && region !== regionOf(env) ? region : undefined;
}
