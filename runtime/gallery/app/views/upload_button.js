/** Chooses files, or a folder. */
import { useRef } from "preact/hooks";
import { ACCEPTED, chosen } from "../files.js";
import { html } from "../html.js";
import { Icon } from "../icons.js";
import { upload } from "../uploads.js";

export function UploadButton() {
  const files = useRef(null);
  const folder = useRef(null);
  function take(event) {
    upload(chosen(event.currentTarget.files));
    event.currentTarget.value = "";
  }
  return html`
    <div class="upload-buttons">
      <button id="choose-files" class="primary" aria-label="Upload" onClick=${() => files.current.click()}>
        <${Icon} name="upload" /><span>Upload</span>
      </button>
      <button class="primary narrow" aria-label="Upload a folder" title="Upload a folder" onClick=${() => folder.current.click()}>
        <${Icon} name="folder" />
      </button>
      <input ref=${files} type="file" hidden multiple accept=${ACCEPTED} aria-label="Files" onChange=${take} />
      <input ref=${folder} type="file" hidden webkitdirectory aria-label="Folder" onChange=${take} />
    </div>`;
}
