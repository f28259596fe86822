/** A modal dialog: the browser keeps the focus in it, and closes it on Escape. */
import { useEffect, useRef } from "preact/hooks";
import { html } from "../html.js";
import { Icon } from "../icons.js";

export function Dialog({ label, className, onClose, onKeyDown, children }) {
  const dialog = useRef(null);
  useEffect(() => {
    const before = document.activeElement;
    const own = dialog.current;
    own.showModal();
    return () => {
      // Unless the person is somewhere else already: this may come after the next key.
      const now = document.activeElement;
      if (!now || now === document.body || own.contains(now)) before?.focus?.({ preventScroll: true });
    };
  }, []);
  const cancel = (event) => {
    event.preventDefault();
    onClose();
  };
  const outside = (event) => { if (event.target === dialog.current) onClose(); };
  return html`
    <dialog ref=${dialog} class=${className} aria-label=${label} onCancel=${cancel} onClick=${outside}
      onKeyDown=${onKeyDown}>
      <button class="close quiet" aria-label="Close" onClick=${onClose}><${Icon} name="close" /></button>
      ${children}
    </dialog>`;
}
