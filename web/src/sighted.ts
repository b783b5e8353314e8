// What of a map is in sight, kept beside React: the map moves many times a second.
import type { Domain } from '@h5web/lib';

export interface View {
  x: Domain;
  y: Domain;
}

export interface Sighted {
  get: () => View | undefined;
  set: (view: View) => void;
  listen: (changed: () => void) => () => void;
}

export function makeSighted(): Sighted {
  let view: View | undefined;
  const listeners = new Set<() => void>();
  return {
    get: () => view,
    set: (next) => {
      view = next;
      listeners.forEach((listener) => listener());
    },
    listen: (changed) => {
      listeners.add(changed);
      return () => listeners.delete(changed);
    },
  };
}
