/** The engines of graphics processors, which the processor draws here: a minute each. */
import { agreeWithTheReference } from './engine-run.js';

agreeWithTheReference(['compiled/webgpu', 'eager/webgl', 'eager/webgpu']);
