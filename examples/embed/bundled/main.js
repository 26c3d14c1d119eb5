import { createContribution } from 'swarmgrad/browser';

const wanted = new URLSearchParams(location.search);
const contribution = createContribution({
  coordinator: wanted.get('coordinator') ?? 'http://127.0.0.1:8790',
  token: wanted.get('token') ?? undefined,
});
contribution.subscribe(({ phase, message }) => {
  document.querySelector('output').textContent = phase === 'off' ? '' : message;
});
document.querySelector('button').addEventListener('click', () => contribution.start());
