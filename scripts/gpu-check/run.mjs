// Runs the checks one after the other, each within its own limit of time and all within one, and writes results.json
// and results.md, which it prints. A check that fails says so by name, and the next one begins.
import { spawn, spawnSync } from 'node:child_process';
import { createWriteStream, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, totalmem } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { checksOf } from './checks.mjs';
import { vulkanOf } from './vulkan.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const { values } = parseArgs({
  options: {
    out: { type: 'string', default: process.env.OUT ?? 'gpu-check-results' },
    python: { type: 'string' },
    minutes: { type: 'string', default: '9.5' },
    small: { type: 'boolean', default: false },
  },
});
const minutes = Number(values.minutes);
if (!(minutes > 0)) {
  console.error(`--minutes must be a number above 0, not "${values.minutes}"`);
  process.exit(2);
}
const until = performance.now() + 60_000 * minutes;
const out = resolve(values.out);
mkdirSync(out, { recursive: true });
const app = join(here, 'app');
const data = existsSync(join(here, 'data')) ? join(here, 'data') : undefined;
const python = values.python ?? pythonWithTorch();
const { set, found } = vulkanOf({ packed: join(here, 'vulkan'), out });
const env = {
  ...process.env,
  ...set,
  XDG_CACHE_HOME: join(out, 'cache'),
  PATH: `${here}:${process.env.PATH}`,
};

const machine = {
  processor: `${availableParallelism()} of ${cpus()[0]?.model ?? arch()}`,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  node: process.version,
  gpu: said('nvidia-smi', ['--query-gpu=name,driver_version,memory.total', '--format=csv,noheader']),
  vulkan: found,
  python: python ?? 'none with torch that sees a GPU',
};
console.error(JSON.stringify(machine));

const results = [];
for (const check of checksOf({ app, out, data, python, small: values.small })) {
  const result = await perform(check);
  results.push(result);
  console.error(
    `${result.status}: ${result.name}, ${result.seconds} s${result.why ? `: ${result.why}` : ''}`,
  );
  // Written each time: whoever ends this early has what came before.
  report();
}
console.log(report());
process.exitCode = results.every(({ status }) => status === 'passed') ? 0 : 1;

async function perform({ name, limit, command, read }) {
  const left = (until - performance.now()) / 1000;
  if (left < 5) return { name, status: 'left out', seconds: 0, why: 'no time was left' };
  const seconds = Math.min(limit, left);
  const began = performance.now();
  const { code, text, errors } = await outputOf(name, command, 1000 * seconds);
  const took = { name, seconds: Math.round((performance.now() - began) / 100) / 10 };
  if (code === 'limit')
    return { ...took, status: 'timed out', why: `it took more than ${Math.round(seconds)} s` };
  if (code !== 0)
    return { ...took, status: 'failed', why: `it ended with ${code}: ${errors.trim().slice(-600)}` };
  try {
    return { ...took, status: 'passed', figures: read(text) };
  } catch (error) {
    return { ...took, status: 'failed', why: error.message };
  }
}

/** Its processes have a group of their own, which ends with it. */
function outputOf(name, command, limitMs) {
  const log = createWriteStream(join(out, `${name.replace(/\W+/g, '-')}.log`));
  const child = spawn(process.execPath, command, {
    cwd: out,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [text, errors, isLate] = ['', '', false];
  child.stdout.on('data', (bytes) => {
    text += bytes;
    log.write(bytes);
  });
  child.stderr.on('data', (bytes) => {
    errors += bytes;
    log.write(bytes);
  });
  const timer = setTimeout(() => {
    isLate = true;
    end(child);
  }, limitMs);
  return new Promise((resolve) => {
    const finish = (code) => {
      clearTimeout(timer);
      end(child);
      log.end();
      resolve({ code: isLate ? 'limit' : code, text, errors });
    };
    child.on('error', (error) => {
      errors += error.message;
      finish('an error');
    });
    child.on('close', (code, signal) => finish(code ?? signal));
  });
}

function end({ pid }) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // All of them have ended.
  }
}

function report() {
  writeFileSync(join(out, 'results.json'), `${JSON.stringify({ machine, results }, null, 2)}\n`);
  const lines = results.map(({ name, status, seconds, why, figures }) => {
    const told =
      why ??
      Object.entries(figures)
        .map(([key, value]) => `${key} ${[value].flat().map(short).join('; ')}`)
        .join(', ');
    return `| ${name} | ${status} | ${seconds} | ${told.replace(/\|/g, '/').replace(/\s+/g, ' ')} |`;
  });
  const of = Object.entries(machine).map(([key, value]) => `- ${key}: ${[value].flat().join('; ')}`);
  const text = [
    '# gpu-check',
    '',
    ...of,
    '',
    '| check | came to | s | figures, or why not |',
    '| --- | --- | --- | --- |',
    ...lines,
    '',
  ];
  writeFileSync(join(out, 'results.md'), text.join('\n'));
  return text.join('\n');
}

function short(value) {
  return typeof value === 'object' ? JSON.stringify(value) : `${value}`;
}

function said(program, args) {
  const { stdout, error } = spawnSync(program, args, { encoding: 'utf8', timeout: 20_000 });
  return error ? `${program}: ${error.message}` : stdout.trim();
}

function pythonWithTorch() {
  const { status } = spawnSync('python3', ['-c', 'import torch; assert torch.cuda.is_available()'], {
    timeout: 60_000,
  });
  return status === 0 ? 'python3' : undefined;
}
