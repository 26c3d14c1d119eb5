/**
 * The address of a thread's module that stands beside the caller's. Threads load JavaScript only, so
 * sources that run as TypeScript (in tests) are given the built file in dist/.
 */
export function threadEntry(callerUrl: string, relative: string): URL {
  const beside = new URL(relative, callerUrl);
  if (!callerUrl.endsWith('.ts')) return beside;
  const floor = /\/(coordinator|worker|engine|shared)\/(?!(.*\/)?(coordinator|worker|engine|shared)\/)/;
  return new URL(beside.href.replace(floor, '/dist/$1/'));
}
