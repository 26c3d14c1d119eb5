/** Light or dark, as the visitor's system has it: canvases must be drawn again when that changes. */
import { useEffect, useState } from 'preact/hooks';

const query = matchMedia('(prefers-color-scheme: dark)');

export function useScheme(): 'dark' | 'light' {
  const [isDark, setDark] = useState(query.matches);
  useEffect(() => {
    const changed = () => setDark(query.matches);
    query.addEventListener('change', changed);
    return () => query.removeEventListener('change', changed);
  }, []);
  return isDark ? 'dark' : 'light';
}
