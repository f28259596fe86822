/** What is shown where there is nothing to show, or something went wrong. */
import { html } from "../html.js";
import { Icon } from "../icons.js";

export function Empty({ icon, title, children }) {
  return html`<div class="empty"><${Icon} name=${icon} /><h2>${title}</h2><div class="faint">${children}</div></div>`;
}

export function Trouble({ message, retry }) {
  return html`
    <div class="empty trouble" role="alert"><${Icon} name="alert" /><h2>That did not work</h2><p class="faint">${message}</p>
      ${retry && html`<button onClick=${retry}><${Icon} name="retry" />Try again</button>`}
    </div>`;
}

export function Loading() {
  return html`<p class="loading faint" role="status">Loading…</p>`;
}
