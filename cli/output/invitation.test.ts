import { describe, expect, it } from 'vitest';
import { invitation } from './invitation.js';

describe('the invitation', () => {
  it('of a run that only this machine can reach names its page', () => {
    expect(invitation('http://127.0.0.1:8790', { isTTY: true })).toEqual([
      'dashboard: http://127.0.0.1:8790/',
    ]);
  });

  it('of a run that others can reach has a link, and in a terminal a QR code of it', () => {
    const url = 'http://192.168.1.7:8790';
    const [page, link, code] = invitation(url, { isTTY: true });
    expect([page, link]).toEqual([`dashboard: ${url}/`, `join with a browser: ${url}/join`]);
    // 25 modules and a border of 2 on each side, two rows of modules to a line.
    const lines = code!.split('\n');
    expect(new Set(lines.map((line) => line.length))).toEqual(new Set([29]));
    expect(lines.length).toBe(Math.ceil(29 / 2));
    expect(invitation(url, {})).toHaveLength(2);
  });
});
