// Folders one way, in the product: tests stand beside what they test, and import what they need from anywhere.
const { options } = require('./.dependency-cruiser.cjs');

module.exports = {
  forbidden: [
    {
      name: 'folders-one-way',
      comment:
        'Folders import each other in no circle, however long. A folder and those below it count as one: scripts/check/folders.mjs tells what it adds.',
      severity: 'error',
      scope: 'folder',
      from: {},
      to: { circular: true },
    },
  ],
  options: { ...options, exclude: { path: `${options.exclude.path}|\\.test\\.tsx?$` } },
};
