/** State that several views share: a value, who wants to know of changes, and a hook to render by it. */
import { useEffect, useState } from "preact/hooks";

/**
 * @template {object} T
 * @param {T} initial
 */
export function createStore(initial) {
  let state = initial;
  const listeners = new Set();
  return {
    /** @returns {T} */
    get: () => state,
    /** @param {Partial<T>} changes */
    set(changes) {
      state = { ...state, ...changes };
      for (const listener of [...listeners]) listener(state);
    },
    /** @param {(state: T) => void} listener */
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** The store's state; the component renders again when it changes. */
export function useStore(store) {
  const [state, setState] = useState(store.get);
  useEffect(() => {
    setState(store.get());
    return store.subscribe(setState);
  }, [store]);
  return state;
}
