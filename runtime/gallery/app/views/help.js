/** The keys. */
import { html } from "../html.js";
import { Dialog } from "./dialog.js";

const KEYS = [
  ["/", "Search"], ["Enter", "Open, or search at once"], ["← ↑ → ↓", "Move between images"], ["Esc", "Close, or leave the search"],
  ["x", "Select an image, or not"], ["Shift + ← ↑ → ↓", "Select as one goes"], ["Ctrl + a", "Select all that are loaded"],
  ["u", "Upload"], ["g", "Library"], ["c", "Chat"], ["a", "Albums"], ["?", "This list"],
];

export function Help({ onClose }) {
  return html`
    <${Dialog} label="Keys" className="help" onClose=${onClose}>
      <h2>Keys</h2>
      <dl>${KEYS.map(([key, meaning]) => html`<div key=${key}><dt><kbd>${key}</kbd></dt><dd>${meaning}</dd></div>`)}</dl>
      <p class="faint">A question in the search field, ended by a question mark and Enter, is answered.</p>
    <//>`;
}
