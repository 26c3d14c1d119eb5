// Folders one way, in the product: tests stand beside what they test, and import what they need from anywhere.
const { options } = require('./.dependency-cruiser.cjs');

module.exports = {
  forbidden: [
    {
      name: 'folders-one-way',
      comment:
        'No folder imports back what imports it. A folder and those below it count as one here: of these scripts/check-folders.mjs asks the same.',
      severity: 'error',
      scope: 'folder',
      from: {},
      to: { circular: true },
    },
  ],
  options: { ...options, exclude: { path: `${options.exclude.path}|\\.test\\.tsx?$` } },
};
