// A road that takes its time: forwards port 8790 to the coordinator, every piece late, in order, by some other time.
import { connect, createServer } from 'node:net';

const LATE_MS = 5;
const JITTER_MS = 10;

function late(from, to) {
  let due = 0;
  const road = [];
  // One timer after the other: of two at once, the one for what came later may fire first.
  const wait = () => setTimeout(arrive, road[0].due - performance.now());
  const arrive = () => {
    while (road[0]?.due <= performance.now()) to.write(road.shift().piece);
    if (road.length > 0) wait();
  };
  from.on('data', (piece) => {
    due = Math.max(due, performance.now() + LATE_MS + Math.random() * JITTER_MS);
    road.push({ due, piece });
    if (road.length === 1) wait();
  });
  from.on('close', () => setTimeout(() => to.destroy(), LATE_MS + JITTER_MS));
  from.on('error', () => undefined);
}

// Without delays of the system's own.
createServer({ noDelay: true }, (worker) => {
  const coordinator = connect({ host: 'coordinator', port: 8790, noDelay: true });
  late(worker, coordinator);
  late(coordinator, worker);
}).listen(8790, () => console.log('ready'));
