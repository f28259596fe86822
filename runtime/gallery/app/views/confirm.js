/** A button that deletes, once it has asked whether that is meant. */
import { useEffect, useRef, useState } from "preact/hooks";
import { html } from "../html.js";
import { Icon } from "../icons.js";

/**
 * @param {{question: string, onConfirm: () => unknown, label?: string, className?: string, disabled?: boolean}} props
 *   `label` is what the button says at first.
 */
export function Confirm({ question, onConfirm, label = "Delete", className = "danger", disabled = false }) {
  const [asked, setAsked] = useState(false);
  const keep = useRef(null);
  useEffect(() => { if (asked) keep.current.focus(); }, [asked]);
  function act() {
    setAsked(false);
    void onConfirm();
  }
  if (!asked) {
    return html`<button type="button" class=${className} disabled=${disabled} onClick=${() => setAsked(true)}><${Icon} name="trash" />${label}</button>`;
  }
  return html`
    <span class="sure" role="group" aria-label=${question}>${question}
      <button type="button" class="danger solid" onClick=${act}>Delete</button>
      <button type="button" ref=${keep} onClick=${() => setAsked(false)}>Keep</button></span>`;
}
