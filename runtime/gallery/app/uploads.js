/** Uploads: each file is hashed here, announced to the API, and sent straight to the bucket; several at once. */
import { ApiError, call } from "./api.js";
import { imageType } from "./files.js";
import { refresh } from "./library.js";
import { patiently } from "./patience.js";
import { createStore } from "./store.js";

const AT_ONCE = 4;
const REFRESH_MILLISECONDS = 700;

/**
 * @typedef {{id: number, file: File, state: "waiting" | "sending" | "done" | "known" | "failed", sent: number,
 *   reason: string}} Upload  `known`: the same bytes are there already
 */

export const uploads = createStore({ all: /** @type {Upload[]} */ ([]) });

let last = 0;
let running = 0;
let refreshing = 0;

/** @param {File[]} files */
export function upload(files) {
  const added = files.map((file) => ({ id: (last += 1), file, state: "waiting", sent: 0, reason: "" }));
  uploads.set({ all: [...uploads.get().all, ...added] });
  pump();
}

/** Try those again that failed. */
export function retryUploads() {
  uploads.set({ all: uploads.get().all.map((each) => (each.state === "failed" ? { ...each, state: "waiting", sent: 0 } : each)) });
  pump();
}

/** Forget those that have come to an end. */
export function clearUploads() {
  uploads.set({ all: uploads.get().all.filter((each) => each.state === "waiting" || each.state === "sending") });
}

/** Numbers to show: files by state, and bytes. */
export function progress({ all }) {
  const by = { waiting: 0, sending: 0, done: 0, known: 0, failed: 0 };
  let sent = 0;
  let size = 0;
  for (const each of all) {
    by[each.state] += 1;
    size += each.file.size;
    sent += each.state === "sending" ? each.sent : each.state === "waiting" ? 0 : each.file.size;
  }
  return { ...by, active: by.waiting + by.sending, sent, size };
}

function pump() {
  while (running < AT_ONCE) {
    const next = uploads.get().all.find((each) => each.state === "waiting");
    if (!next) return;
    running += 1;
    change(next.id, { state: "sending" });
    void one(next).finally(() => {
      running -= 1;
      pump();
    });
  }
}

/** @param {Upload} entry */
async function one({ id, file }) {
  try {
    const type = imageType(file);
    if (!type) throw new ApiError(0, "This is not an image that can be read: JPEG, PNG, WebP, GIF, HEIC, AVIF, TIFF or BMP.");
    if (!file.size) throw new ApiError(0, "The file is empty.");
    const ticket = await patiently(async () => call("POST", "uploads", {
      body: { filename: file.name, content_type: type, size: file.size, sha256: await sha256(file) },
    }));
    if (!ticket.url) return change(id, { state: "known" });
    await patiently(() => send(ticket, file, (sent) => change(id, { sent })));
    change(id, { state: "done" });
    refreshSoon();
  } catch (error) {
    change(id, { state: "failed", reason: unreadable(error) ?? error.message });
  }
}

/** A file that was moved or deleted meanwhile. */
function unreadable(error) {
  return error.name === "NotFoundError" || error.name === "NotReadableError"
    ? "The file is not there any more, or may not be read." : undefined;
}

async function sha256(file) {
  const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Post the form. An XMLHttpRequest, for it tells how far it is. */
function send({ url, fields }, file, onProgress) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append("file", file);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.upload.onprogress = ({ loaded }) => onProgress(Math.min(loaded, file.size));
    request.onload = () => {
      if (request.status < 300) resolve();
      else reject(new ApiError(request.status, `The storage refused the file (${request.status}). Try again.`));
    };
    request.onerror = () => reject(new ApiError(0, "The connection was lost while sending. Try again."));
    request.open("POST", url);
    request.send(form);
  });
}

/** Many uploads end in one moment: the list is asked for once. */
function refreshSoon() {
  if (refreshing) return;
  refreshing = setTimeout(() => {
    refreshing = 0;
    void refresh();
  }, REFRESH_MILLISECONDS);
}

function change(id, changes) {
  uploads.set({ all: uploads.get().all.map((each) => (each.id === id ? { ...each, ...changes } : each)) });
}
