/*
 * Files of this server's, asked for again where a bad line lost them.
 */

const TRIES = 4;
const WAIT_MS = 500;

/** Returns the answer of a file; rejects after some tries, or once it is not wanted any more. */
export async function load(path, { signal, left = TRIES } = {}) {
  try {
    const answer = await fetch(path, { signal });
    const body = await answer.blob(); // a body may break off after its head came
    if (answer.ok) return new Response(body);
  } catch (error) {
    if (!left || signal?.aborted) throw error;
  }
  if (!left) throw new Error(`${path} did not come`);
  await new Promise((then) => setTimeout(then, WAIT_MS));
  return load(path, { signal, left: left - 1 });
}
