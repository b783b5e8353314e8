// Small hooks that all pages share.
import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react';

export interface Loaded<T> {
  value?: T;
  problem?: string;
  busy: boolean;
}

const told = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** Loads once; the answer, or the problem, becomes the state unless it has been aborted. `keep`: what
 * was there stays when there is a problem. */
async function settle<T>(
  load: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
  set: (change: (old: Loaded<T>) => Loaded<T>) => void,
  keep: boolean,
): Promise<void> {
  let next: (old: Loaded<T>) => Loaded<T>;
  try {
    const value = await load(signal);
    next = () => ({ value, busy: false });
  } catch (error: unknown) {
    next = (old) => ({ value: keep ? old.value : undefined, problem: told(error), busy: false });
  }
  if (!signal.aborted) {
    set(next);
  }
}

/** Loads anew when `key` changes; what was there stays until the new one is here, and with `keep` also
 * when there is a problem with it: for what is the same thing, only newer. */
export function useLoaded<T>(
  key: string | undefined,
  load: (signal: AbortSignal) => Promise<T>,
  keep = false,
): Loaded<T> {
  const [state, setState] = useState<Loaded<T>>({ busy: true });
  const loader = useRef(load);
  loader.current = load;
  useEffect(() => {
    if (key === undefined) {
      setState({ busy: false });
      return undefined;
    }
    const abort = new AbortController();
    setState((old) => ({ ...old, busy: true }));
    void settle(loader.current, abort.signal, setState, keep);
    return () => abort.abort();
  }, [key, keep]);
  return state;
}

/** Loads again and again, each time so long after the last answer. What was there stays when there is
 * a problem. `again` asks at once. */
export function usePolled<T>(
  load: (signal: AbortSignal) => Promise<T>,
  everyMs: number,
): Loaded<T> & { again: () => void } {
  const [state, setState] = useState<Loaded<T>>({ busy: true });
  const [tick, setTick] = useState(0);
  const loader = useRef(load);
  loader.current = load;
  useEffect(() => {
    const abort = new AbortController();
    let timer: number | undefined;
    const ask = () => {
      void settle(loader.current, abort.signal, setState, true)
        .finally(() => {
          if (!abort.signal.aborted) {
            timer = window.setTimeout(ask, everyMs);
          }
        });
    };
    ask();
    return () => {
      abort.abort();
      window.clearTimeout(timer);
    };
  }, [tick, everyMs]);
  const again = useCallback(() => setTick((n) => n + 1), []);
  return { ...state, again };
}

/** The part of the address behind '#', as words between slashes. */
export function useWords(): string[] {
  const hash = useSyncExternalStore(
    (changed) => {
      window.addEventListener('hashchange', changed);
      return () => window.removeEventListener('hashchange', changed);
    },
    () => window.location.hash,
  );
  return hash
    .replace(/^#\/?/u, '')
    .split('/')
    .filter((word) => word !== '')
    .map(decodeURIComponent);
}

export function goTo(...words: (string | number)[]): void {
  window.location.hash = `#/${words.map((word) => encodeURIComponent(String(word))).join('/')}`;
}

/** Keys of a page, unless one types into a field. */
export function useKeys(keys: Record<string, () => void>): void {
  const current = useRef(keys);
  current.current = keys;
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement | null;
      if (
        event.ctrlKey ||
        event.metaKey ||
        event.altKey ||
        target?.closest('input, select, textarea') !== null ||
        ((event.key === 'Enter' || event.key === ' ') && target?.closest('button, a, summary') !== null)
      ) {
        return;
      }
      const act = current.current[event.shiftKey && event.key.length > 1 ? `Shift+${event.key}` : event.key];
      if (act !== undefined) {
        event.preventDefault();
        act();
      }
    };
    window.addEventListener('keydown', pressed);
    return () => window.removeEventListener('keydown', pressed);
  }, []);
}

export type Theme = 'light' | 'dark';
const darkQuery = window.matchMedia('(prefers-color-scheme: dark)');

function themeNow(): Theme {
  const chosen = document.documentElement.dataset['theme'];
  if (chosen === 'light' || chosen === 'dark') {
    return chosen;
  }
  return darkQuery.matches ? 'dark' : 'light';
}

const listeners = new Set<() => void>();
darkQuery.addEventListener('change', () => listeners.forEach((listener) => listener()));

export function toggleTheme(): void {
  document.documentElement.dataset['theme'] = themeNow() === 'dark' ? 'light' : 'dark';
  listeners.forEach((listener) => listener());
}

export function useTheme(): Theme {
  return useSyncExternalStore((changed) => {
    listeners.add(changed);
    return () => listeners.delete(changed);
  }, themeNow);
}

/** One request at a time; of those that come meanwhile, the last. The same is not asked twice. */
export function useLive<T>(load: (key: string) => Promise<T>) {
  const [state, setState] = useState<{ value?: T; problem?: string; ms?: number }>({});
  const busy = useRef(false);
  const waiting = useRef<string>();
  const last = useRef<string>();
  const loader = useRef(load);
  loader.current = load;
  const ask = useCallback((key: string) => {
    if (busy.current) {
      waiting.current = key;
      return;
    }
    if (key === last.current) {
      return;
    }
    last.current = key;
    busy.current = true;
    const began = performance.now();
    loader
      .current(key)
      .then((value) => setState({ value, ms: performance.now() - began }))
      .catch((error: unknown) => {
        last.current = undefined;
        setState((old) => ({ ...old, problem: told(error) }));
      })
      .finally(() => {
        busy.current = false;
        const next = waiting.current;
        waiting.current = undefined;
        if (next !== undefined) {
          ask(next);
        }
      });
  }, []);
  return { ...state, ask };
}

/** Another text whenever the file on the server is another, so that what grows is seen to grow. */
export function useFileState(load: () => Promise<{ state: string }>): string {
  return usePolled(load, 2000).value?.state ?? '';
}
