/** Fetches an object from the coordinator, and reads no more of it than was announced. */

/** A server from which nothing comes for so long is not waited for. */
const SILENCE_MS = 30_000;

/** @param address the coordinator's. @param token shown in a header, where there is one. @throws Error that names the object, and both lengths where the server sends more than `bytes` */
export async function fetchObject(
  address: string,
  { hash, bytes }: { hash: string; bytes: number },
  { cache, token }: { cache: RequestCache; token?: string | undefined },
): Promise<Uint8Array> {
  const abort = new AbortController();
  const cut = (text: string) => abort.abort(new Error(`object ${hash}: ${text}`));
  const wait = () => setTimeout(() => cut(`nothing has come for ${SILENCE_MS / 1000} s`), SILENCE_MS);
  let silence = wait();
  try {
    const response = await fetch(`${address}/objects/${hash}`, {
      cache,
      signal: abort.signal,
      ...(token === undefined ? {} : { headers: { Authorization: `Bearer ${token}` } }),
    });
    if (!response.ok) throw new Error(`object ${hash}: the coordinator answered ${response.status}`);
    const object = new Uint8Array(bytes);
    let at = 0;
    // What is compressed on its way is counted as it is afterwards.
    for (const reader = response.body!.getReader(); ; ) {
      const { done, value } = await reader.read();
      if (done) return object.subarray(0, at);
      clearTimeout(silence);
      silence = wait();
      if (at + value.length > bytes) {
        cut(`the coordinator sends ${at + value.length} bytes or more, where ${bytes} were announced`);
        throw abort.signal.reason;
      }
      object.set(value, at);
      at += value.length;
    }
  } finally {
    clearTimeout(silence);
  }
}
