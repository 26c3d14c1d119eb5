import { expect, it } from 'vitest';
import { UserError } from '../user-error.js';
import { inCamelCase, toldToProgram } from './in-camel-case.js';
import { block, option } from './option.js';
import { whole } from './option-kinds.js';

const BLOCK = block({
  epochs: option(whole(1), 1, 'epochs'),
  resumeLr: option(whole(1), 1, 'another rate'),
});

it('errors call the options of a program as it writes them, and leave flags of other commands', () => {
  expect(inCamelCase('--resume-lr needs --epochs; --weights is of export', BLOCK)).toBe(
    'resumeLr needs epochs; --weights is of export',
  );
});

it('an error that is told otherwise keeps its code, and the one before as its cause', () => {
  const error = new UserError('--epochs is missing', 2);
  const told = toldToProgram(error, BLOCK);
  expect(told).toMatchObject({
    message: 'epochs is missing',
    code: 'SWARMGRAD_USAGE',
    exitCode: 2,
    cause: error,
  });
  const other = new TypeError('--epochs');
  expect(toldToProgram(other, BLOCK)).toBe(other);
  expect(new UserError('the disk is full').code).toBe('SWARMGRAD_FAILED');
});
