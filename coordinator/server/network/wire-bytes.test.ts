import { expect, it } from 'vitest';
import { WireBytes } from './wire-bytes.js';

const MIB = 1 << 20;
const UNDER_WAY = 1.25 * MIB;

function listening() {
  const told: number[] = [];
  return { told, wire: new WireBytes((bytes) => told.push(bytes)) };
}

it('nothing is told as long as it may belong to a message that has begun', () => {
  const { told, wire } = listening();
  wire.arrived(UNDER_WAY);
  wire.message(MIB);
  wire.arrived(MIB);
  expect(told).toEqual([]);
});

it('what no message can hold is told, each byte once', () => {
  const { told, wire } = listening();
  for (const bytes of [UNDER_WAY, 100, 7]) wire.arrived(bytes);
  wire.message(50);
  wire.arrived(30);
  wire.arrived(30);
  expect(told).toEqual([100, 7, 10]);
});

it('of whole messages their headers are told', () => {
  const { told, wire } = listening();
  for (let at = 0; at < 1_000_000; at++) {
    wire.message(12);
    wire.arrived(12 + 6);
  }
  expect(told.reduce((sum, bytes) => sum + bytes, 0)).toBe(6_000_000 - UNDER_WAY);
});
