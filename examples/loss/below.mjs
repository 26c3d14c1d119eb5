// Metrics by their names. `below` is 1 where the label lies below what is predicted: over all samples, the quantile that
// the model has learned.
export default {
  below:
    ({ tf }) =>
    (yTrue, yPred) =>
      tf.mean(tf.cast(tf.less(yTrue, yPred), 'float32'), -1),
};
