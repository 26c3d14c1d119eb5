// Folders one way, in the product: tests stand beside what they test, and import what they need from anywhere.
const { options } = require('./.dependency-cruiser.cjs');

module.exports = {
  forbidden: [
    {
      name: 'folders-one-way',
      comment:
        'No folder imports back what imports it. A folder and those below it count as one: a table in it lists them (lower/lower.ts its rules, layers/layers.ts its layers, passes/passes.ts its fusions), and they use its types.',
      severity: 'error',
      scope: 'folder',
      from: {},
      to: { circular: true },
    },
  ],
  options: { ...options, exclude: { path: `${options.exclude.path}|\\.test\\.tsx?$` } },
};
