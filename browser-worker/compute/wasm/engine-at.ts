/**
 * Where the WebAssembly of a compiled engine is. A page of the coordinator's own has it beside its scripts. A page of
 * another site fetches its megabytes from the coordinator (`scripts/parts/embed.mjs` names them so), and takes nothing
 * but the very bytes that its own copy of swarmgrad was built with: their hash stands behind `#`.
 */

import { messageOf } from '../../../shared/user-error.js';

/**
 * @param url of the file, complete or below the coordinator's, perhaps with `#` and the hash as in an `integrity`
 * @returns settings of ONNX Runtime
 * @throws Error if the coordinator has no such file, or another one of that name
 */
export async function engineAt(
  url: string,
  coordinator: string,
): Promise<{ wasmPaths: { wasm: string } } | { wasmBinary: ArrayBuffer }> {
  const [path, integrity] = url.split('#') as [string, string?];
  if (integrity === undefined) return { wasmPaths: { wasm: url } };
  const address = new URL(path, `${coordinator}/`).href;
  const response = await fetch(address, { integrity }).catch((error) => {
    throw new Error(
      `${address} cannot be had, or is another file than that of this page: it and the coordinator need one version of swarmgrad (${messageOf(error)})`,
    );
  });
  return { wasmBinary: await response.arrayBuffer() };
}
