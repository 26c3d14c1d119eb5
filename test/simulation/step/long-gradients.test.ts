import { expect, it } from 'vitest';
import { peers } from '../../support/simulation/peers.js';

const CHUNKS = 5000;

it(`a volunteer's gradient of ${CHUNKS} chunks counts once its last chunk is here, however many chunks that opens the window for`, async () => {
  const { core, join, step, layout } = peers({ chunks: CHUNKS, shards: 1 });
  expect(layout.chunks).toBe(CHUNKS);
  const volunteer = join('anna', 'volunteer');
  const ended = step();
  const [lease] = volunteer.leases;
  volunteer.announce(lease!);
  for (let chunk = 0; chunk < CHUNKS; chunk++) volunteer.chunk(lease!, chunk);
  expect(await ended).toMatchObject({ samples: 4, loss: 4 });
  expect(new Set(core.pipeline.weights.flat())).toEqual(new Set([-1]));
});
