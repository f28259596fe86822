/** How uploads are doing; goes away when it is told to. */
import { html } from "../html.js";
import { Icon } from "../icons.js";
import { useStore } from "../store.js";
import { clearUploads, progress, retryUploads, uploads } from "../uploads.js";
import { bytes, many } from "../words.js";

/** Failures that are listed one by one. */
const LISTED = 50;

export function UploadPanel() {
  const state = useStore(uploads);
  if (!state.all.length) return null;
  const now = progress(state);
  const failed = state.all.filter((each) => each.state === "failed");
  const share = now.size ? Math.round((now.sent / now.size) * 100) : 100;
  return html`
    <section class="upload-panel" aria-label="Uploads">
      <header>
        <strong>${now.active ? `Uploading ${many(now.active, "image")}` : outcome(now)}</strong>
        ${!now.active && html`<button class="quiet" aria-label="Close uploads" onClick=${clearUploads}><${Icon} name="close" /></button>`}
      </header>
      ${now.active > 0 && html`
        <progress max="100" value=${share} aria-label="Uploaded">${share} %</progress>
        <p class="faint">${bytes(now.sent)} of ${bytes(now.size)}</p>
        <ul>${state.all.filter((each) => each.state === "sending").map((each) => html`
          <li key=${each.id}><span class="name">${each.file.name}</span><progress max=${each.file.size || 1} value=${each.sent} aria-label=${each.file.name} /></li>`)}
        </ul>`}
      ${failed.length > 0 && html`
        <ul class="failures">${failed.slice(0, LISTED).map((each) => html`
          <li key=${each.id}><span class="name">${each.file.name}</span><span class="reason">${each.reason}</span></li>`)}
        </ul>
        ${!now.active && html`<button onClick=${retryUploads}><${Icon} name="retry" />Try again</button>`}`}
    </section>`;
}

function outcome({ done, known, failed }) {
  const parts = [];
  if (done) parts.push(`${many(done, "image")} uploaded`);
  if (known) parts.push(`${known} already here`);
  if (failed) parts.push(`${failed} failed`);
  return parts.join(", ");
}
