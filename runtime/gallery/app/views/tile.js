/** One image in a grid: what it is, or how far it is, or why it failed. */
import { Component } from "preact";
import { call } from "../api.js";
import { html } from "../html.js";
import { Icon } from "../icons.js";
import { replace } from "../library.js";
import { attempt } from "../notices.js";
import { addressWith } from "../router.js";
import { SETTLED, STAGE, STATUS } from "../words.js";

/** Renders again only when what it shows has changed: a scroll moves dozens of them. */
export class Tile extends Component {
  shouldComponentUpdate(next) {
    return ["item", "index", "tabbable", "selected"].some((name) => next[name] !== this.props[name]);
  }

  render({ item, index, tabbable, selected, onFocus, onClick, onSelect }) {
    const failed = item.status === "failed";
    return html`
      <div class="tile ${item.status} ${selected ? "selected" : ""}">
        <a href=${addressWith({ item: item.id })} data-index=${index} tabindex=${tabbable ? 0 : -1}
          onFocus=${() => onFocus(index)} onClick=${(event) => onClick(event, item, index)}>
          ${item.thumbnail
            ? html`<img src=${item.thumbnail} alt="" loading="lazy" decoding="async" draggable=${false} onError=${() => renewed(item)} />`
            : html`<span class="blank"><${Icon} name=${failed ? "alert" : "photos"} /></span>`}
          <span class="caption">${item.title}</span>
          ${!SETTLED.has(item.status) && html`<span class="badge working">${STATUS[item.status]}</span>`}
          ${item.status === "duplicate" && html`<span class="badge">Duplicate</span>`}
          ${failed && html`<span class="reason"><b>Failed while ${STAGE[item.stage] ?? "working on it"}.</b> ${item.error}</span>`}
        </a>
        <button class="select" role="checkbox" aria-checked=${selected} aria-label="Select ${item.title}"
          tabindex=${tabbable ? 0 : -1} onFocus=${() => onFocus(index)} onClick=${(event) => onSelect(event, item, index)}>
          <${Icon} name="check" /></button>
        ${failed && item.stage !== "upload" && html`
          <button class="retry" onClick=${() => retry(item)}><${Icon} name="retry" />Try again</button>`}
      </div>`;
  }
}

/** Put a failed image back to before the stage that failed. */
export async function retry(item) {
  const again = await attempt(() => call("POST", `items/${item.id}/retry`));
  if (again) replace(again);
}

const renewals = new Map();
const RENEWAL_MILLISECONDS = 60_000;

/** Signed addresses end after a quarter of an hour: ask for another, but not for ever. */
async function renewed(item) {
  if (Date.now() - (renewals.get(item.id) ?? 0) < RENEWAL_MILLISECONDS) return;
  renewals.set(item.id, Date.now());
  const again = await attempt(() => call("GET", `items/${item.id}`));
  if (again) replace(again);
}
