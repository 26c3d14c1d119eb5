/** Set up for files that share one TF.js: each begins on its plain backend, whatever the file before has left. */
import * as tf from '@tensorflow/tfjs';

await tf.setBackend('cpu');
