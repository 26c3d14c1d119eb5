// The house of ARCHITECTURE.md: floors, arrows only downward. An import against them fails `npm run check`.
const TESTS = '\\.test\\.ts$|^test/';

module.exports = {
  forbidden: [
    {
      name: 'shared-knows-no-one',
      comment: 'shared/ is the ground floor: it imports only itself and packages that run everywhere.',
      severity: 'error',
      from: { path: '^shared/', pathNot: TESTS },
      to: { path: '^(websocket|engine|coordinator|worker|cli|browser-worker|bench|test)/' },
    },
    {
      name: 'websocket-knows-only-shared',
      comment: 'websocket/ reads and writes frames of Node sockets, for whoever has some.',
      severity: 'error',
      from: { path: '^websocket/', pathNot: `${TESTS}|/fixtures/` },
      to: { path: '^(engine|coordinator|worker|cli|browser-worker|bench|test)/' },
    },
    {
      name: 'websocket-only-in-node',
      comment: 'Browsers have their own.',
      severity: 'error',
      from: { path: '^(shared|engine|browser-worker|worker/(?!node/))', pathNot: TESTS },
      to: { path: '^websocket/' },
    },
    {
      name: 'engine-knows-only-shared',
      comment: 'engine/ is the first floor: coordinator and worker stand on it.',
      severity: 'error',
      from: { path: '^engine/', pathNot: TESTS },
      to: { path: '^(websocket|coordinator|worker|cli|browser-worker|bench|test)/' },
    },
    {
      name: 'coordinator-and-worker-do-not-know-each-other',
      severity: 'error',
      from: { path: '^(coordinator|worker)/', pathNot: TESTS },
      to: { path: '^(coordinator|worker|cli|browser-worker|bench|test)/', pathNot: '^$1/' },
    },
    {
      name: 'product-without-tests',
      severity: 'error',
      from: { path: '^(cli|browser-worker)/', pathNot: TESTS },
      to: { path: '^(bench|test)/' },
    },
    {
      name: 'runs-everywhere',
      comment: 'No Node modules in shared/, nor in the parts of engine/ and worker/ that browsers run too.',
      severity: 'error',
      from: { path: '^(shared/|(engine|worker)/(?!node/))', pathNot: TESTS },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'shared-without-tensorflow',
      comment: 'shared/ may use TF.js types; loading it is up to the engines and the model builder.',
      severity: 'error',
      from: { path: '^shared/', pathNot: TESTS },
      to: { path: '@tensorflow', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'runtime-neutral',
      comment: 'Node adapters are chosen from above, never reached from the neutral parts.',
      severity: 'error',
      from: { path: '^(engine|worker)/(?!node/)', pathNot: TESTS },
      to: { path: '^(engine|worker)/node/' },
    },
    {
      name: 'pure-scheduling',
      comment: 'coordinator/scheduling is pure: no sockets, no files, no clocks of its own.',
      severity: 'error',
      from: { path: '^coordinator/scheduling/', pathNot: TESTS },
      to: {
        path: '^(coordinator/(?!scheduling/))|^node_modules/(ws|msgpackr)',
        dependencyTypesNot: ['type-only'],
      },
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
