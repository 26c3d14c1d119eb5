// Asks a model in ONNX for the spirals of some points: node use-model.mjs FILE.onnx
import { InferenceSession, Tensor } from 'onnxruntime-node';

const session = await InferenceSession.create(process.argv[2], { logSeverityLevel: 3 });
const on = (t, spiral) => [t * Math.cos(2 * t + Math.PI * spiral), t * Math.sin(2 * t + Math.PI * spiral)];
const points = [on(1, 0), on(1, 1), on(2.5, 0), on(2.5, 1)];
const { probabilities } = await session.run({
  input: new Tensor('float32', Float32Array.from(points.flat()), [points.length, 2]),
});
for (const [i, point] of points.entries()) {
  const of = Array.from(probabilities.data.slice(2 * i, 2 * i + 2));
  console.log(`${point.map((value) => value.toFixed(2))}: spiral ${of.indexOf(Math.max(...of))}`);
}
