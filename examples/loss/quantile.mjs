// The loss that is least where a tenth of the labels lies above what is predicted: Koenker & Bassett 1978. Being too
// early costs nine times what being too late does.
const QUANTILE = 0.9;

export default ({ tf }) =>
  (yTrue, yPred) => {
    const late = tf.sub(yTrue, yPred);
    return tf.mean(tf.maximum(tf.mul(late, QUANTILE), tf.mul(late, QUANTILE - 1)), -1);
  };
