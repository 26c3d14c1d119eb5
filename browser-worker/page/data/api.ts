/** Requests to the coordinator that served the page. */
import { BASE } from '../../base.js';

/** @throws Error with the server's words, or the browser's if there was no answer */
export async function fetchJson<T>(
  path: string,
  query: Record<string, string | number | undefined> = {},
): Promise<T> {
  const response = await fetch(pathOf(path, query));
  if (!response.ok) throw new Error((await response.text()).trim() || `status ${response.status}`);
  return (await response.json()) as T;
}

export function pathOf(path: string, query: Record<string, string | number | undefined>): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return `${BASE}${path}${text ? `?${text}` : ''}`;
}

/** An admin's action. @returns what is answered. @throws Error with the reason for which it was refused */
export async function act<T = unknown>(action: string, body: object = {}): Promise<T> {
  const response = await fetch(`${BASE}/api/admin/${action}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Swarmgrad-Admin': '1' },
    body: JSON.stringify(body),
  });
  if (response.ok) return (await response.json()) as T;
  const { error } = (await response.json().catch(() => ({}))) as { error?: string };
  throw new Error(error ?? `status ${response.status}`);
}
