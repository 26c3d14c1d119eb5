/** What the visitor's screen and system ask for: canvases must be drawn again when that changes. */
import { useEffect, useState } from 'preact/hooks';

function useMedia(query: string): boolean {
  const [matches, setMatches] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const list = matchMedia(query);
    const changed = () => setMatches(list.matches);
    list.addEventListener('change', changed);
    return () => list.removeEventListener('change', changed);
  }, [query]);
  return matches;
}

export const useScheme = (): 'dark' | 'light' =>
  useMedia('(prefers-color-scheme: dark)') ? 'dark' : 'light';

/** Whether this is a phone. */
export const useNarrow = (): boolean => useMedia('(max-width: 600px)');

/** Whether there is room for tall charts. */
export const useWall = (): boolean => useMedia('(min-width: 1800px)');
