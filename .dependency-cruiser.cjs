// The house of ARCHITECTURE.md: three floors, arrows only downward. An import against them fails `npm run check`.
module.exports = {
  forbidden: [
    {
      name: 'shared-knows-no-one',
      comment: 'shared/ is the ground floor: it imports only itself and packages that run everywhere.',
      severity: 'error',
      from: { path: '^shared/' },
      to: { path: '^(coordinator|worker|cli|browser-worker|bench|test)/' },
    },
    {
      name: 'shared-runs-everywhere',
      comment: 'No Node modules in shared/ nor in the parts of worker/ that browsers run too.',
      severity: 'error',
      from: { path: '^(shared/|worker/(?!node/))' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'shared-without-tensorflow',
      comment: 'shared/ may use TF.js types; loading it is up to the engines and the model builder.',
      severity: 'error',
      from: { path: '^shared/' },
      to: { path: '@tensorflow', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'worker-does-not-know-the-coordinator',
      severity: 'error',
      from: { path: '^worker/' },
      to: { path: '^(coordinator|cli|browser-worker|bench|test)/' },
    },
    {
      name: 'coordinator-knows-only-engines-of-the-worker',
      comment: 'Engines, and in Node the thread in which they run, and their TF.js.',
      severity: 'error',
      from: { path: '^coordinator/' },
      to: {
        path: '^(worker/(?!engine/|node/(engine-thread|tensorflow)\\.ts)|cli/|browser-worker/|bench/|test/)',
      },
    },
    {
      name: 'runtime-neutral-worker',
      comment: 'Node adapters are chosen from above, never reached from the neutral parts.',
      severity: 'error',
      from: { path: '^worker/(?!node/)' },
      to: { path: '^worker/node/' },
    },
    {
      name: 'pure-scheduling',
      comment: 'coordinator/work is pure: no sockets, no files, no clocks of its own.',
      severity: 'error',
      from: { path: '^coordinator/work/' },
      to: { path: '^(coordinator/(?!work/))|^node_modules/(ws|msgpackr)', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-circles',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: 'tfjs-node|\\?url$' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules|dist' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    exclude: { path: 'assembly/|\\.generated\\.ts$' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
      extensions: ['.ts', '.tsx', '.js', '.d.ts'],
    },
  },
};
