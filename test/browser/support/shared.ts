/**
 * What all files of the browser tests share: they run in one process, one after the other (vitest.config.ts says so), and
 * an application with its databases, or a browser, costs more to start than most journeys take. Each test has projects
 * of its own, so that nobody sees another's. It all ends with the process, and the stores with the run.
 */
const opened = new Map<string, Promise<unknown>>();

/** @param name of what is opened once, by whoever asks first. */
export function shared<T>(name: string, open: () => Promise<T>): Promise<T> {
  const known = opened.get(name) ?? open();
  opened.set(name, known);
  return known as Promise<T>;
}
